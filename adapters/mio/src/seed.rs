//! Randomness for the core, which has none of its own.

use std::hash::{BuildHasher, RandomState};

use firesteel_proto::Config;

/// Fills in the seed of a config that has none.
pub(crate) fn seeded(mut config: Config) -> Config {
    config.seed.get_or_insert_with(|| {
        let mut seed = [0; 16];
        for (half, salt) in seed.chunks_exact_mut(8).zip([1_u8, 2]) {
            // Each state has keys of its own, from the system's randomness.
            half.copy_from_slice(&RandomState::new().hash_one(salt).to_ne_bytes());
        }
        seed
    });
    config
}

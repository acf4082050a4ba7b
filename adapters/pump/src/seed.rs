//! Randomness for the core, which has none of its own.

use std::hash::{BuildHasher, RandomState};

use firesteel_proto::Config;

/// Fills in the seed of a config that has none, from the system's randomness: the ids that a daemon or client makes of it
/// cannot be guessed.
pub fn seeded(mut config: Config) -> Config {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_config_gets_a_seed_of_its_own_unless_it_has_one() {
        let [one, other] = [seeded(Config::default()), seeded(Config::default())].map(|config| config.seed);
        assert!(one.is_some() && one != other);
        let mut given = Config::default();
        given.seed = Some([7; 16]);
        assert_eq!(seeded(given).seed, Some([7; 16]));
    }
}

#![doc = include_str!("../docs/FEATURES.md")]

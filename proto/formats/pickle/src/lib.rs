//! Python's pickle as a serde format: data only, no code ever runs.

#![forbid(unsafe_code)]

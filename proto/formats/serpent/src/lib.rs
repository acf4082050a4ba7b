//! serpent (Python literals) as a serde format

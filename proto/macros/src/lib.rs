//! The procedural macros of firesteel: expose and remote

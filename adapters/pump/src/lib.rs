//! Moves bytes between a firesteel machine and any non-blocking Read + Write

//! The firesteel command

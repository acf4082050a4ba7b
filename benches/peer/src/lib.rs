//! firesteel measured beside its peers

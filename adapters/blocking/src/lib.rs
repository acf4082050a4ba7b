//! firesteel on blocking threads: server and proxy

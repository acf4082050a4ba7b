//! The sans-IO protocol core of firesteel: Python remote objects for any event loop

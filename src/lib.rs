//! Remote objects for any event loop.

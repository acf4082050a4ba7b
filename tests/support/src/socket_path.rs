//! Short paths for unix sockets.

use std::fmt;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A free path in the temporary directory, short enough for a unix socket (about 100 bytes).
#[must_use]
pub fn unique_socket_path() -> SocketPath {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("firesteel-{}-{number}.sock", std::process::id());
        let path = std::env::temp_dir().join(name);
        if fs::symlink_metadata(&path).is_err() {
            return SocketPath(path);
        }
    }
}

/// A path from [`unique_socket_path`]; the file there is removed when this is dropped.
#[derive(Debug)]
pub struct SocketPath(PathBuf);

impl Deref for SocketPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for SocketPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn usable_unique_and_removed() {
        let (first, second) = (unique_socket_path(), unique_socket_path());
        assert_ne!(first.to_string(), second.to_string());
        let listener = UnixListener::bind(&first).unwrap();
        let path = first.to_path_buf();
        assert!(path.exists());
        drop((listener, first));
        assert!(!path.exists());
    }
}

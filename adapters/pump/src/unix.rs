//! Unix sockets that listen: files, and names in Linux's abstract namespace.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

/// The name of a unix socket that listens: its file is removed with it.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl SocketFile {
    /// The socket's path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if abstract_name(&self.0).is_none() {
            // Somebody else may have removed it.
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Listens on a unix socket, non-blocking; a path that begins with a NUL byte is in Linux's abstract namespace.
///
/// # Errors
/// A path that is taken or cannot be used, or an abstract name on another system.
pub fn listen_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let listener = UnixListener::bind_addr(&unix_address(path)?)?;
    let file = SocketFile(path.to_owned());
    listener.set_nonblocking(true)?;
    Ok((listener, file))
}

/// The address of a unix socket; a path that begins with a NUL byte is in Linux's abstract namespace.
///
/// # Errors
/// A path that is too long, or an abstract name on another system.
pub fn unix_address(path: &Path) -> io::Result<SocketAddr> {
    match abstract_name(path) {
        None => SocketAddr::from_pathname(path),
        Some(name) => abstract_address(name),
    }
}

fn abstract_name(path: &Path) -> Option<&[u8]> {
    path.as_os_str().as_bytes().strip_prefix(b"\0")
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    let text = "only Linux has unix sockets without a file: leave the NUL byte out of the path";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_file_goes_with_its_listener_and_an_abstract_name_has_none() {
        let path = std::env::temp_dir().join(format!("firesteel-pump-{}.sock", std::process::id()));
        let (listener, file) = listen_unix(&path).expect("a free path");
        assert!(UnixStream::connect(file.path()).is_ok());
        assert_eq!(listen_unix(&path).map_err(|error| error.kind()).err(), Some(io::ErrorKind::AddrInUse));
        assert!(path.exists(), "who could not listen leaves it alone");
        drop((listener, file));
        assert!(!path.exists());
        if cfg!(target_os = "linux") {
            let path = PathBuf::from(format!("\0firesteel-pump-{}", std::process::id()));
            let (listener, file) = listen_unix(&path).expect("a free name");
            let address = unix_address(&path).expect("a name");
            assert!(UnixStream::connect_addr(&address).is_ok());
            drop((listener, file));
            assert!(UnixStream::connect_addr(&address).is_err());
        }
    }
}

//! The raw reference on tokio and smol: what an echo costs there that is written as one writes it.

use std::error::Error;
use std::path::PathBuf;

use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::raw::Echo;
use crate::{Transport, socket_path};

/// Bytes that are read at once.
const BUFFER: usize = 64 * 1024;

/// Answers as the raw server on threads does, with a task for each connection.
macro_rules! echo {
    ($spawn:path, $stream:ident) => {
        $spawn(async move {
            let (mut buffer, mut echo) = (vec![0; BUFFER], Echo::default());
            while let Ok(n @ 1..) = $stream.read(&mut buffer).await {
                if $stream.write_all(echo.answer(&buffer[..n])).await.is_err() {
                    break;
                }
            }
        });
    };
}

fn path() -> PathBuf {
    socket_path("firesteel-raw")
}

/// On tokio.
pub async fn on_tokio(transport: Transport) -> Result<(), Box<dyn Error>> {
    match transport {
        Transport::Tcp => {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
            println!("READY {}", listener.local_addr()?);
            loop {
                let (mut stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                echo!(tokio::spawn, stream);
            }
        }
        Transport::Unix => {
            let listener = tokio::net::UnixListener::bind(path())?;
            println!("READY ./u:{}", path().display());
            loop {
                let (mut stream, _) = listener.accept().await?;
                echo!(tokio::spawn, stream);
            }
        }
    }
}

/// On smol.
pub async fn on_smol(transport: Transport) -> Result<(), Box<dyn Error>> {
    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(future).detach();
    }
    match transport {
        Transport::Tcp => {
            let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
            println!("READY {}", listener.local_addr()?);
            loop {
                let (mut stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                echo!(spawn, stream);
            }
        }
        Transport::Unix => {
            let listener = smol::net::unix::UnixListener::bind(path())?;
            println!("READY ./u:{}", path().display());
            loop {
                let (mut stream, _) = listener.accept().await?;
                echo!(spawn, stream);
            }
        }
    }
}

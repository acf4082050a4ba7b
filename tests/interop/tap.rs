//! Listens in on a connection.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use firesteel_testkit::{Sender, SocketPath, unique_socket_path};

use crate::raw::Message;
use crate::support::TIMEOUT;

/// What both sides of a connection have sent.
#[derive(Clone, Default)]
pub struct Tap(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    client: Vec<u8>,
    server: Vec<u8>,
}

impl Tap {
    /// Listens in front of a server, whose unix socket has this path: for one connection.
    pub fn before(server: &str) -> (Self, SocketPath) {
        let path = unique_socket_path();
        let listener = UnixListener::bind(&path).expect("a free path");
        let server = UnixStream::connect(server).expect("connects");
        let tap = Self::default();
        let copy = tap.clone();
        thread::spawn(move || {
            let (client, _) = listener.accept().expect("a client");
            copy.start(&client, &server);
        });
        (tap, path)
    }

    /// Listens in front of a server, whose unix socket has this path: to one connection after the other.
    pub fn each_before(server: String) -> (mpsc::Receiver<Self>, SocketPath) {
        let path = unique_socket_path();
        let listener = UnixListener::bind(&path).expect("a free path");
        let (taps, receiver) = mpsc::channel();
        // It ends with the test program.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, UnixStream::connect(&server)) else { break };
                if taps.send(Self::between(&client, &server)).is_err() {
                    break;
                }
            }
        });
        (receiver, path)
    }

    /// Passes bytes on between two sockets.
    pub fn between(client: &UnixStream, server: &UnixStream) -> Self {
        let tap = Self::default();
        tap.start(client, server);
        tap
    }

    fn start(&self, client: &UnixStream, server: &UnixStream) {
        for (sender, from, to) in [(Sender::Client, client, server), (Sender::Server, server, client)] {
            let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
            let tap = self.clone();
            // It ends with the connection.
            thread::spawn(move || tap.copy(sender, from, to));
        }
    }

    /// The messages that one side has sent up to now.
    pub fn sent_by(&self, sender: Sender) -> Vec<Message> {
        let mut heard = self.0.lock().expect("no panic");
        let mut rest = heard.of(sender).as_slice();
        let mut messages = Vec::new();
        while let Some((message, length)) = Message::read(rest) {
            messages.push(message);
            rest = &rest[length..];
        }
        assert_eq!(rest, b"", "half a message");
        messages
    }

    fn copy(&self, sender: Sender, mut from: UnixStream, mut to: UnixStream) {
        let _ = from.set_read_timeout(Some(TIMEOUT));
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = from.read(&mut chunk) {
            // Before it is passed on: who has an answer can look at it here.
            self.0.lock().expect("no panic").of(sender).extend_from_slice(&chunk[..n]);
            if to.write_all(&chunk[..n]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}

impl Heard {
    fn of(&mut self, sender: Sender) -> &mut Vec<u8> {
        match sender {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        }
    }
}

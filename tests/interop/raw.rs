//! Messages by hand, for what firesteel's own client would never send.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use firesteel::wire::{
    Annotations, Dialect, Flags, HEADER_LEN, Header, MessageType, OwnedAnnotations, Parsed, decompress, parse,
};
use firesteel::{Location, Payload, SerializerId, Uri, Value};

use crate::support::TIMEOUT;

pub const SERPENT: u8 = 1;
pub const MARSHAL: u8 = 2;

/// One message. Its header may lie about what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub header: Header,
    pub annotations: OwnedAnnotations,
    /// As sent, compressed where the flag says so.
    pub data: Vec<u8>,
}

impl Message {
    pub fn new(kind: MessageType, sequence: u16, data: &[u8]) -> Self {
        let header = Header {
            dialect: Dialect::Pyro5,
            kind: kind as u8,
            serializer: SERPENT,
            flags: Flags::NONE,
            sequence,
            data_len: data.len() as u32,
            annotations_len: 0,
            correlation: [0; 16],
        };
        Self { header, annotations: OwnedAnnotations::default(), data: data.to_vec() }
    }

    /// A proper CONNECT to an object.
    pub fn connect(object: &str) -> Self {
        Self::new(MessageType::Connect, 0, format!("{{'handshake':'hello','object':'{object}'}}").as_bytes())
    }

    /// A call whose arguments are written as Python literals.
    pub fn call(sequence: u16, object: &str, method: &str, args: &str) -> Self {
        Self::new(MessageType::Invoke, sequence, format!("('{object}','{method}',{args},{{}})").as_bytes())
    }

    /// Changes the header: into a lie, or not.
    pub fn header(mut self, change: impl FnOnce(&mut Header)) -> Self {
        change(&mut self.header);
        self
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_bytes().to_vec();
        self.annotations.encode(self.header.dialect, &mut bytes);
        bytes.extend_from_slice(&self.data);
        bytes
    }

    /// The message at the head of the bytes, and its length; none while it is not complete.
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let Parsed::Message { header, annotations, payload } = parse(bytes, usize::MAX).expect("a Pyro message") else {
            return None;
        };
        let annotations = Annotations::parse(&bytes[annotations], header.dialect).expect("annotations").to_owned();
        Some((Self { header, annotations, data: bytes[payload.clone()].to_vec() }, payload.end))
    }

    pub fn is(&self, kind: MessageType) -> bool {
        self.header.kind == kind as u8
    }

    /// The payload, decompressed where it is compressed.
    pub fn plain(&self) -> Vec<u8> {
        if self.header.flags.contains(Flags::COMPRESSED) {
            decompress(&self.data, usize::MAX).expect("zlib data")
        } else {
            self.data.clone()
        }
    }

    /// The payload as serpent.
    #[track_caller]
    pub fn value(&self) -> Value {
        assert_eq!(self.header.serializer, SERPENT, "{self:?}");
        Payload::from_bytes(SerializerId::Serpent, self.plain()).to_value().expect("serpent")
    }

    /// The text of a CONNECTFAIL in marshal: behind a type and a length, of one byte or of four.
    #[track_caller]
    pub fn marshal_text(&self) -> String {
        assert_eq!(self.header.serializer, MARSHAL, "{self:?}");
        let length = match self.data[0] & 0x7f {
            b'z' | b'Z' => 2,
            _ => 5,
        };
        String::from_utf8(self.data[length..].to_vec()).expect("text")
    }
}

/// A connection that speaks bytes.
pub struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    /// Connects, and says nothing.
    pub fn connect(uri: &Uri) -> Self {
        let Some(Location::Tcp { host, port }) = uri.location() else { panic!("{uri} is not TCP") };
        let stream = TcpStream::connect((host.as_str(), *port)).expect("connects");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a socket");
        stream.set_write_timeout(Some(TIMEOUT)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, received: Vec::new() }
    }

    /// Connects to the URI's object, with a proper handshake.
    pub fn open(uri: &Uri) -> Self {
        let Uri::Pyro { object, .. } = uri else { panic!("{uri} names no object") };
        let mut raw = Self::connect(uri);
        raw.send(&Message::connect(object).to_bytes());
        let answer = raw.receive().expect("an answer");
        assert!(answer.is(MessageType::ConnectOk), "{answer:?}");
        raw
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // A peer that has seen enough may have gone already.
        let _ = self.stream.write_all(bytes);
    }

    /// Sends as much as the other side takes without a pause of this length; tells how much that was.
    pub fn send_what_goes(&mut self, bytes: &[u8], pause: Duration) -> usize {
        self.stream.set_write_timeout(Some(pause)).expect("a socket");
        let mut sent = 0;
        while let Ok(n @ 1..) = self.stream.write(&bytes[sent..]) {
            sent += n;
        }
        self.stream.set_write_timeout(Some(TIMEOUT)).expect("a socket");
        sent
    }

    /// Sends no more.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The next message, or none at the end.
    #[track_caller]
    pub fn receive(&mut self) -> Option<Message> {
        loop {
            if let Some((message, length)) = Message::read(&self.received) {
                self.received.drain(..length);
                return Some(message);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => {
                    assert!(self.received.len() < HEADER_LEN, "half a message: {:?}", self.received);
                    assert_eq!(self.received, b"", "half a header");
                    return None;
                }
                Ok(n) => self.received.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing comes: {error}"),
            }
        }
    }

    /// The other side ends the connection and says nothing more.
    #[track_caller]
    pub fn assert_closed(&mut self) {
        let more = self.receive();
        assert_eq!(more, None, "expected the end");
    }

    /// The other side refuses, before it knows the serializer, and closes.
    #[track_caller]
    pub fn assert_refused(&mut self, text: &str) {
        let answer = self.receive().expect("a CONNECTFAIL");
        assert!(answer.is(MessageType::ConnectFail), "{answer:?}");
        assert_eq!((answer.marshal_text().as_str(), answer.header.sequence), (text, 0));
        self.assert_closed();
    }
}

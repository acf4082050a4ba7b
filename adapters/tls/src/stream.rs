//! One TLS connection as a layer.

use std::io::{self, BufRead, IoSlice, Write};
use std::sync::Arc;
use std::time::Instant;

use bytes::Buf;
use firesteel_proto::{Identity, Layer, LayerError, Outbox};
use rustls::{AlertDescription, Connection, Error, InvalidMessage};

use crate::certificate::PeerCertificate;
use crate::verify::explain;

/// Plaintext that is sealed in one go, in several records where it takes more than one.
const BURST: usize = 64 * 1024;

/// A TLS connection: rustls between the wire and the plaintext.
pub(crate) struct Stream {
    connection: Connection,
    /// The peer said that it sends no more.
    ended: bool,
    record: Record,
}

/// How much of a record is there whose end is not: rustls keeps that.
#[derive(Default)]
struct Record {
    /// Its type, version and length, as far as they have come.
    head: [u8; HEAD],
    /// Bytes of it that have come.
    have: usize,
}

const HEAD: usize = 5;

impl Record {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            if let Some(place) = self.head.get_mut(self.have) {
                *place = *first;
                self.have += 1;
                bytes = rest;
            }
            if self.have >= HEAD {
                let whole = HEAD + usize::from(u16::from_be_bytes([self.head[3], self.head[4]]));
                let n = bytes.len().min(whole - self.have);
                self.have += n;
                bytes = bytes.get(n..).unwrap_or_default();
                if self.have == whole {
                    self.have = 0;
                }
            }
        }
    }
}

impl Stream {
    pub(crate) fn new(connection: impl Into<Connection>) -> Self {
        Self { connection: connection.into(), ended: false, record: Record::default() }
    }

    /// Decrypts what one call of rustls takes; false when it takes nothing more.
    fn take(&mut self, bytes: &mut &[u8], up: &mut Vec<u8>) -> Result<bool, Error> {
        let before = bytes.len();
        let read = self.connection.read_tls(bytes).map_err(|error| Error::General(error.to_string()))?;
        let processed = self.connection.process_new_packets();
        // What came before an error came in order.
        self.give(up);
        self.ended |= processed?.peer_has_closed();
        Ok(read > 0 && bytes.len() < before && !self.ended)
    }

    /// Gives decrypted bytes on.
    fn give(&mut self, up: &mut Vec<u8>) {
        let mut reader = self.connection.reader();
        // Its errors say that there is nothing more, for now or for good.
        while let Ok(chunk) = reader.fill_buf() {
            let n = chunk.len();
            if n == 0 {
                return;
            }
            up.extend_from_slice(chunk);
            reader.consume(n);
        }
    }

    fn flush(&mut self, wire: &mut Outbox) {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut Sink(wire)).is_err() {
                return;
            }
        }
    }

    fn explain(&self, error: Error) -> LayerError {
        let server = matches!(self.connection, Connection::Server(_));
        let (peer, certificate) = if server {
            ("the client", "the client's certificate")
        } else {
            ("the server", "the server's certificate")
        };
        LayerError::Failed(match error {
            Error::InvalidCertificate(error) => explain(&error, certificate),
            Error::NoCertificatesPresented => format!("{peer} shows no certificate, and has to (SSL_CLIENTCERT)"),
            Error::AlertReceived(alert) => refused_by_peer(alert, peer),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) if self.connection.is_handshaking() => {
                format!("{peer} does not speak TLS: set it up there, or switch it off here (SSL)")
            }
            error => format!("TLS: {error}"),
        })
    }
}

/// What the peer says that it did not like.
fn refused_by_peer(alert: AlertDescription, peer: &str) -> String {
    match alert {
        AlertDescription::CertificateRequired => {
            format!("{peer} insists on a certificate, and was shown none: give one (SSL_CLIENTCERT)")
        }
        AlertDescription::UnknownCA | AlertDescription::DecryptError => {
            format!("{peer} does not trust this end's certificate: give its authority there (SSL_CACERTS)")
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown => format!("{peer} does not take this end's certificate: {alert:?}"),
        other => format!("{peer} ended TLS: {other:?}"),
    }
}

impl Layer for Stream {
    fn handle_input(
        &mut self,
        _now: Instant,
        mut bytes: &[u8],
        up: &mut Vec<u8>,
        wire: &mut Outbox,
    ) -> Result<(), LayerError> {
        self.record.take(bytes);
        let mut result = Ok(true);
        while !bytes.is_empty() && matches!(result, Ok(true)) {
            result = self.take(&mut bytes, up);
        }
        self.flush(wire);
        result.map(|_| ()).map_err(|error| self.explain(error))
    }

    fn handle_output(&mut self, down: &mut Outbox, wire: &mut Outbox) -> Result<(), LayerError> {
        let mut left = BURST;
        while left > 0
            && let Some(mut transmit) = down.transmit()
        {
            let chunk = transmit.chunk();
            let chunk = chunk.get(..left).unwrap_or(chunk);
            match self.connection.writer().write(chunk) {
                Ok(0) => break,
                Ok(n) => {
                    transmit.advance(n);
                    left = left.saturating_sub(n);
                }
                Err(error) => return Err(LayerError::Failed(error.to_string())),
            }
        }
        self.flush(wire);
        Ok(())
    }

    fn handle_eof(&mut self, _now: Instant) -> Result<(), LayerError> {
        if self.connection.is_handshaking() {
            return Err(LayerError::Failed("the peer went away during the TLS handshake".to_owned()));
        }
        if self.ended { Ok(()) } else { Err(LayerError::Truncated) }
    }

    fn close(&mut self, wire: &mut Outbox) {
        self.connection.send_close_notify();
        self.flush(wire);
    }

    fn is_established(&self) -> bool {
        !self.connection.is_handshaking()
    }

    fn is_ended(&self) -> bool {
        self.ended
    }

    fn held(&self) -> usize {
        if self.ended { 0 } else { self.record.have }
    }

    fn identity(&self) -> Option<Identity> {
        let chain = self.connection.peer_certificates()?;
        let certificate = PeerCertificate::read(chain);
        Some(Identity { name: certificate.subject.clone(), details: Arc::new(certificate) })
    }
}

/// Appends to an outbox.
struct Sink<'a>(&'a mut Outbox);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        slices.iter().for_each(|slice| self.0.extend_from_slice(slice));
        Ok(slices.iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

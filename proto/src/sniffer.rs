//! Telling protocols apart by their first bytes, so that they share a port.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::client::Target;
use crate::daemon::Peer;
use crate::layer::{Identity, Layer, LayerError};
use crate::layers::Layers;
use crate::limits::Config;
use crate::serializer::{SerializerId, Style};
use crate::transmit::Outbox;
use crate::wire::{Dialect, Flags, FrameStart, Head, MessageType, OwnedAnnotations, TAG};

/// What a listener takes on its one port: plain Pyro of both protocols, TLS, and protocols that are handed back.
///
/// As [`Config::layers`](crate::Config::layers) it gives each session a [`Sniffer`]. By itself it takes plain Pyro, and
/// hands HTTP back: [`DaemonEvent::Foreign`](crate::DaemonEvent::Foreign) tells of it. Once it has [`tls`](Self::tls), it
/// refuses plaintext of any protocol, unless that is [allowed](Self::allow_plain), and hands back what comes inside of TLS.
/// What is neither is left to the protocol, which refuses it as Pyro does.
///
/// ```
/// use firesteel_proto::{Config, OnePort};
/// use std::sync::Arc;
///
/// let mut config = Config::default();
/// config.layers = Some(Arc::new(OnePort::new().foreign("ssh", b"SSH-")));
/// ```
#[derive(Clone)]
pub struct OnePort {
    tls: Option<MakeTls>,
    plain: bool,
    foreign: Vec<(&'static str, &'static [u8])>,
}

type MakeTls = Arc<dyn Fn() -> Result<Box<dyn Layer>, LayerError> + Send + Sync>;

/// What HTTP begins with: its methods, and the preface of version 2.
static HTTP: [&[u8]; 10] =
    [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"TRACE ", b"CONNECT ", b"PRI * HTTP/2"];

/// What a client is told that speaks plaintext where TLS is insisted on.
const TLS_ONLY: &str = "this server speaks TLS only: switch TLS (SSL) on";

impl Default for OnePort {
    fn default() -> Self {
        Self::new()
    }
}

impl OnePort {
    /// Plain Pyro, and HTTP to be handed back.
    pub fn new() -> Self {
        Self { tls: None, plain: true, foreign: HTTP.map(|prefix| ("http", prefix)).to_vec() }
    }

    /// Takes TLS, through layers that `make` makes. From here on, plaintext is refused.
    #[must_use]
    pub fn tls(mut self, make: impl Fn() -> Result<Box<dyn Layer>, LayerError> + Send + Sync + 'static) -> Self {
        self.tls = Some(Arc::new(make));
        self.plain = false;
        self
    }

    /// Takes plaintext too, beside TLS. Who listens to the wire can read it, and who changes it can keep clients
    /// from TLS.
    #[must_use]
    pub fn allow_plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Hands back what begins with `prefix`, under this name.
    #[must_use]
    pub fn foreign(mut self, protocol: &'static str, prefix: &'static [u8]) -> Self {
        self.foreign.push((protocol, prefix));
        self
    }

    /// The layer for one connection.
    pub fn sniffer(&self) -> Sniffer {
        Sniffer { rules: self.clone(), state: State::First(Vec::new()) }
    }

    /// What begins with these bytes.
    fn tell(&self, bytes: &[u8]) -> Told {
        let begins = |prefix: &[u8]| bytes.starts_with(prefix);
        let may_become = |prefix: &[u8]| prefix.starts_with(bytes);
        if begins(TAG) {
            // The version tells in which protocol a refusal is to be.
            return if bytes.len() >= 6 { Told::Pyro } else { Told::More };
        }
        if begins(&TLS_HANDSHAKE) {
            return Told::Tls;
        }
        if let Some((protocol, _)) = self.foreign.iter().find(|(_, prefix)| begins(prefix)) {
            return Told::Foreign(protocol);
        }
        let known = self.foreign.iter().map(|(_, prefix)| *prefix).chain([&TAG[..], &TLS_HANDSHAKE]);
        if known.into_iter().any(may_become) { Told::More } else { Told::Unknown }
    }
}

/// How a TLS connection begins: a handshake record, and the version's first byte.
const TLS_HANDSHAKE: [u8; 2] = [0x16, 0x03];

impl fmt::Debug for OnePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnePort").field("tls", &self.tls.is_some()).field("plain", &self.plain).finish_non_exhaustive()
    }
}

impl Layers for OnePort {
    fn accept(&self, _: &Peer) -> Result<Option<Box<dyn Layer>>, LayerError> {
        Ok(Some(Box::new(self.sniffer())))
    }

    fn connect(&self, _: &Target) -> Result<Option<Box<dyn Layer>>, LayerError> {
        Ok(None)
    }
}

/// What the first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It takes more of them.
    More,
    Pyro,
    Tls,
    Foreign(&'static str),
    Unknown,
}

/// Looks at the first bytes of a connection, and becomes the layer that they ask for: made by a [`OnePort`].
pub struct Sniffer {
    rules: OnePort,
    state: State,
}

enum State {
    /// These came, and tell nothing yet: never more than the longest beginning that is known.
    First(Vec<u8>),
    /// Bytes pass unchanged.
    Plain,
    /// TLS; the first bytes inside of it are held until they tell.
    Tls(Box<dyn Layer>, Option<Vec<u8>>),
}

impl Sniffer {
    /// The connection speaks what the first bytes, all of which these are, told.
    fn first(&mut self, now: Instant, bytes: Vec<u8>, up: &mut Vec<u8>, wire: &mut Outbox) -> Result<(), LayerError> {
        match (self.rules.tell(&bytes), &self.rules.tls) {
            (Told::More, _) => {
                self.state = State::First(bytes);
                Ok(())
            }
            (Told::Tls, Some(make)) => {
                let mut layer = make()?;
                // A server has nothing to say before its client.
                let begun = layer.handle_input(now, &[], up, wire);
                self.state = State::Tls(layer, Some(Vec::new()));
                begun.and_then(|()| self.handle_input(now, &bytes, up, wire))
            }
            (Told::Foreign(protocol), _) if self.rules.plain => {
                Err(LayerError::Foreign { protocol, bytes: Bytes::from(bytes) })
            }
            (_, _) if self.rules.plain => {
                self.state = State::Plain;
                up.extend_from_slice(&bytes);
                Ok(())
            }
            (Told::Pyro, _) => {
                refuse(&bytes, wire);
                Err(LayerError::Refused("the client speaks without TLS, which is insisted on here"))
            }
            (Told::Foreign(_), _) => {
                Err(LayerError::Refused("another protocol without TLS, which is insisted on here"))
            }
            (Told::Tls | Told::Unknown, _) => {
                Err(LayerError::Refused("what came is no TLS, which is insisted on here"))
            }
        }
    }
}

/// Tells a client in plaintext that it should not have used it, in its own protocol.
fn refuse(bytes: &[u8], wire: &mut Outbox) {
    let version = bytes.get(4..6).and_then(|version| version.try_into().ok()).map_or(0, u16::from_be_bytes);
    let dialect = Dialect::from_version(version).unwrap_or_default();
    let (kind, flags) = (MessageType::ConnectFail, Flags::NONE);
    let serializer = SerializerId::Marshal.to_wire(dialect).unwrap_or_default();
    let head = Head { dialect, kind, serializer, flags, sequence: 0, correlation: None, compress: false };
    let mut message = Vec::new();
    let frame = FrameStart::begin(&mut message, head, &OwnedAnnotations::default(), None);
    let written = Style::of(SerializerId::Marshal, dialect, &Config::default()).write(TLS_ONLY, &mut message);
    if written.is_ok() && frame.finish(&mut message, 0, usize::MAX).is_ok() {
        wire.push(message);
    }
}

impl Layer for Sniffer {
    fn handle_input(
        &mut self,
        now: Instant,
        bytes: &[u8],
        up: &mut Vec<u8>,
        wire: &mut Outbox,
    ) -> Result<(), LayerError> {
        match &mut self.state {
            State::First(held) => {
                let mut all = std::mem::take(held);
                all.extend_from_slice(bytes);
                if all.is_empty() { Ok(()) } else { self.first(now, all, up, wire) }
            }
            State::Plain => {
                up.extend_from_slice(bytes);
                Ok(())
            }
            State::Tls(layer, None) => layer.handle_input(now, bytes, up, wire),
            State::Tls(layer, first) => {
                let mut held = first.take().unwrap_or_default();
                let result = layer.handle_input(now, bytes, &mut held, wire);
                match self.rules.tell(&held) {
                    Told::More => *first = Some(held),
                    Told::Foreign(protocol) => {
                        result?;
                        return Err(LayerError::Foreign { protocol, bytes: Bytes::from(held) });
                    }
                    Told::Pyro | Told::Tls | Told::Unknown => up.extend_from_slice(&held),
                }
                result
            }
        }
    }

    fn handle_output(&mut self, down: &mut Outbox, wire: &mut Outbox) -> Result<(), LayerError> {
        match &mut self.state {
            State::Tls(layer, _) => layer.handle_output(down, wire),
            State::First(_) | State::Plain => {
                wire.append(down);
                Ok(())
            }
        }
    }

    fn handle_eof(&mut self, now: Instant) -> Result<(), LayerError> {
        match &mut self.state {
            State::Tls(layer, _) => layer.handle_eof(now),
            State::First(_) | State::Plain => Ok(()),
        }
    }

    fn close(&mut self, wire: &mut Outbox) {
        if let State::Tls(layer, _) = &mut self.state {
            layer.close(wire);
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), LayerError> {
        match &mut self.state {
            State::Tls(layer, _) => layer.handle_timeout(now),
            State::First(_) | State::Plain => Ok(()),
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Tls(layer, _) => layer.poll_timeout(),
            State::First(_) | State::Plain => None,
        }
    }

    fn is_established(&self) -> bool {
        match &self.state {
            State::First(_) => false,
            State::Plain => true,
            State::Tls(layer, _) => layer.is_established(),
        }
    }

    fn is_ended(&self) -> bool {
        matches!(&self.state, State::Tls(layer, _) if layer.is_ended())
    }

    fn is_transparent(&self) -> bool {
        matches!(self.state, State::Plain)
    }

    fn held(&self) -> usize {
        match &self.state {
            State::First(held) => held.len(),
            State::Plain => 0,
            State::Tls(layer, first) => layer.held() + first.as_ref().map_or(0, Vec::len),
        }
    }

    fn identity(&self) -> Option<Identity> {
        match &self.state {
            State::Tls(layer, _) => layer.identity(),
            State::First(_) | State::Plain => None,
        }
    }
}

//! Beginning again in the other dialect, when the server turns out to speak it.

use std::time::Instant;

use firesteel_value::Value;

use super::client::ClientCore;
use super::link::Link;
use crate::error::ProtocolError;
use crate::limits::Config;
use crate::serializer::{SerializerId, Style, read};
use crate::wire::{self, Dialect, Flags, FrameStart, Head, MessageType, Parsed};

impl ClientCore {
    /// Begins the connection anew, for another socket: the handshake is sent again, and what waits for it is written
    /// in the other dialect.
    ///
    /// # Errors
    /// A call that cannot be said in that dialect.
    pub(crate) fn begin_again(&mut self, now: Instant, dialect: Dialect) -> Result<(), ProtocolError> {
        let held = reframe(&self.take_held(), dialect, &self.config)?;
        self.dialect = dialect;
        for flight in &mut self.flights {
            if let Some(retry) = &mut flight.retry {
                retry.message = reframe(&retry.message, dialect, &self.config)?;
            }
        }
        self.begin_anew(now, held);
        Ok(())
    }

    /// Sends the handshake again, with messages that wait behind it.
    pub(super) fn begin_anew(&mut self, now: Instant, held: Vec<u8>) {
        self.link = Link::new(now, None);
        self.begun = now;
        self.connect(now);
        self.hold(held);
    }
}

/// Writes the messages of calls anew.
fn reframe(mut bytes: &[u8], dialect: Dialect, config: &Config) -> Result<Vec<u8>, ProtocolError> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Parsed::Message { mut header, annotations, payload } = wire::parse(bytes, usize::MAX)? {
        let end = payload.end;
        let (tags, payload) = (&bytes[annotations], &bytes[payload]);
        let tags = wire::open(&mut header, tags, payload, config.hmac_key.as_ref())?.to_owned();
        let known = SerializerId::from_wire(header.dialect, header.serializer);
        let serializer = known.and_then(|known| Some((known, known.to_wire(dialect)?)));
        let (known, serializer) = serializer.ok_or(ProtocolError::UnknownSerializer(header.serializer))?;
        let head = Head {
            dialect,
            kind: MessageType::from_byte(header.kind).unwrap_or(MessageType::Invoke),
            serializer,
            flags: header.flags.without(Flags::COMPRESSED | Flags::CORRELATION_ID),
            sequence: header.sequence,
            correlation: header.correlation_id(),
            compress: config.compression,
        };
        let frame = FrameStart::begin(&mut out, head, &tags, config.hmac_key.as_ref());
        let inflated;
        let payload = if header.flags.contains(Flags::COMPRESSED) {
            inflated = wire::decompress(payload, config.limits.max_decompressed)?;
            &inflated
        } else {
            payload
        };
        // Only Pyro's own classes have other names there.
        if memchr::memmem::find(payload, b"Pyro").is_some() && head.kind == MessageType::Invoke {
            let call: Value = read(known, payload).map_err(ProtocolError::Format)?;
            Style::of(known, dialect, config).write(&call, &mut out).map_err(ProtocolError::Format)?;
        } else {
            out.extend_from_slice(payload);
        }
        frame.finish(&mut out, 0, config.limits.max_message)?;
        bytes = &bytes[end..];
    }
    Ok(out)
}

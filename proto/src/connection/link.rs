//! What every connection has in common: bytes in, bytes out, a layer between, and an end.

use std::time::Instant;

use bytes::Bytes;

use super::inbox::Inbox;
use crate::error::CloseReason;
use crate::layer::{Detached, Identity, Layer, LayerError};
use crate::transmit::{Outbox, Transmit};

/// Memory that a link takes at first.
const FIRST: usize = 512;

/// The byte streams of one connection, below the protocol.
#[derive(Default)]
pub(crate) struct Link {
    /// Received plaintext.
    inbox: Inbox,
    /// Bytes for the transport.
    wire: Outbox,
    layered: Option<Box<Layered>>,
    phase: Phase,
    reason: Option<Box<CloseReason>>,
}

struct Layered {
    layer: Box<dyn Layer>,
    /// Plaintext that is not sealed yet.
    down: Outbox,
    /// The orderly end was put on the wire.
    ended: bool,
    /// The wire ended, and the layer says that this was too early.
    cut: Option<LayerError>,
    /// Bytes that came from the wire before the layer was established.
    before: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// The peer sends no more; answers may still go out.
    HalfClosed,
    /// It speaks another protocol: nothing is read or sent until it is given back, or closed.
    Foreign,
    /// Input is ignored; output is flushed, then it is over.
    Closing,
    Closed,
}

impl Link {
    pub(crate) fn new(now: Instant, layer: Option<Box<dyn Layer>>) -> Self {
        let mut link = Self::default();
        if let Some(layer) = layer {
            link.attach(now, layer);
        }
        link
    }

    /// Puts a layer below what is there; what waits to be sent goes through it.
    pub(crate) fn attach(&mut self, now: Instant, layer: Box<dyn Layer>) {
        let down = std::mem::take(&mut self.wire);
        self.layered = Some(Box::new(Layered { layer, down, ended: false, cut: None, before: 0 }));
        self.pass_up(now, &[]);
    }

    // Input.

    pub(crate) fn input_buf<'a>(&'a mut self, scratch: &'a mut [u8]) -> &'a mut [u8] {
        match self.phase {
            Phase::Closed | Phase::Closing | Phase::Foreign => &mut [],
            Phase::Open | Phase::HalfClosed if self.layered.is_some() => scratch,
            Phase::Open | Phase::HalfClosed => self.inbox.direct_space().unwrap_or(scratch),
        }
    }

    pub(crate) fn handle_filled(&mut self, now: Instant, scratch: &[u8], n: usize) {
        if self.inbox.filled(n) || n == 0 || self.ignores_input() {
            return;
        }
        let bytes = &scratch[..n.min(scratch.len())];
        if self.layered.is_some() {
            self.pass_up(now, bytes);
        } else {
            self.inbox.append(|inbox| inbox.extend_from_slice(bytes));
        }
    }

    pub(crate) fn handle_eof(&mut self, now: Instant) {
        if self.phase != Phase::Open {
            return;
        }
        self.phase = Phase::HalfClosed;
        let Some(layered) = &mut self.layered else { return };
        match layered.layer.handle_eof(now) {
            Ok(()) => {}
            // Messages tell their lengths: what came in full counts, and only the end was cut off.
            Err(error @ LayerError::Truncated) if layered.layer.is_established() => layered.cut = Some(error),
            Err(error) => self.close(CloseReason::Layer(error)),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Some(layered) = &mut self.layered
            && !matches!(self.phase, Phase::Closed)
            && let Err(error) = layered.layer.handle_timeout(now)
        {
            self.close(CloseReason::Layer(error));
        }
    }

    pub(crate) fn layer_timeout(&self) -> Option<Instant> {
        self.layered.as_ref()?.layer.poll_timeout()
    }

    fn pass_up(&mut self, now: Instant, bytes: &[u8]) {
        let Some(layered) = &mut self.layered else { return };
        let (layer, wire) = (&mut layered.layer, &mut self.wire);
        if !layer.is_established() {
            layered.before = layered.before.saturating_add(bytes.len());
        }
        match self.inbox.append(|up| layer.handle_input(now, bytes, up, wire)) {
            Ok(()) if layer.is_transparent() => {
                wire.append(&mut layered.down);
                self.layered = None;
            }
            Ok(()) if layer.is_ended() && self.phase == Phase::Open => self.phase = Phase::HalfClosed,
            Ok(()) => {}
            Err(error @ LayerError::Foreign { .. }) => {
                self.phase = Phase::Foreign;
                self.reason = Some(Box::new(CloseReason::Layer(error)));
            }
            Err(error) => {
                layered.ended = true;
                self.close(CloseReason::Layer(error));
            }
        }
    }

    /// Gives up a layer that takes more than `max` bytes to be established.
    pub(crate) fn bound_handshake(&mut self, max: usize) {
        if let Some(layered) = &mut self.layered
            && layered.before > max
            && !layered.layer.is_established()
        {
            layered.ended = true;
            self.close(CloseReason::Layer(LayerError::Failed(format!(
                "the handshake of the layer below takes more than {max} bytes"
            ))));
        }
    }

    /// Bytes that went out, as the transport sent them.
    pub(crate) fn sent(&self) -> u64 {
        self.wire.gone()
    }

    // Received plaintext.

    pub(crate) fn inbox(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    pub(crate) fn received(&self) -> &[u8] {
        self.inbox.unused()
    }

    /// True while the peer has begun nothing, neither a message nor what a layer may wait for.
    pub(crate) fn is_silent(&self) -> bool {
        self.inbox.is_empty() && self.is_established()
    }

    /// True unless a layer is still at its handshake.
    pub(crate) fn is_established(&self) -> bool {
        self.layered.as_ref().is_none_or(|layered| layered.layer.is_established())
    }

    // Output.

    /// Where messages are appended.
    pub(crate) fn out(&mut self) -> &mut Outbox {
        match &mut self.layered {
            Some(layered) => &mut layered.down,
            None => &mut self.wire,
        }
    }

    /// Bytes that have not left, plaintext and sealed.
    pub(crate) fn unsent(&self) -> usize {
        self.wire.len() + self.layered.as_ref().map_or(0, |layered| layered.down.len())
    }

    /// Received bytes that a layer holds back.
    pub(crate) fn held_below(&self) -> usize {
        self.layered.as_ref().map_or(0, |layered| match layered.layer.is_established() {
            true => layered.layer.held(),
            false => layered.before,
        })
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        if matches!(self.phase, Phase::Closed | Phase::Foreign) {
            return None;
        }
        if self.wire.is_empty()
            && let Some(layered) = &mut self.layered
            && layered.layer.is_established()
        {
            let sealed = if !layered.down.is_empty() {
                layered.layer.handle_output(&mut layered.down, &mut self.wire)
            } else {
                Ok(())
            };
            if self.phase == Phase::Closing && self.wire.is_empty() && !layered.ended {
                layered.ended = true;
                layered.layer.close(&mut self.wire);
            }
            if let Err(error) = sealed {
                layered.ended = true;
                layered.down.clear();
                self.close(CloseReason::Layer(error));
            }
        }
        self.wire.transmit()
    }

    pub(crate) fn wants_write(&self) -> bool {
        if matches!(self.phase, Phase::Closed | Phase::Foreign) {
            return false;
        }
        !self.wire.is_empty()
            || self.layered.as_ref().is_some_and(|layered| {
                let closing = self.phase == Phase::Closing && !layered.ended;
                layered.layer.is_established() && (closing || !layered.down.is_empty())
            })
    }

    /// Who the peer proved to be.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.layered.as_ref()?.layer.identity()
    }

    // The end.

    /// True when there is a layer, which may have deadlines of its own.
    pub(crate) fn is_layered(&self) -> bool {
        self.layered.is_some()
    }

    /// True while both ways are open, without a layer.
    pub(crate) fn is_plainly_open(&self) -> bool {
        self.phase == Phase::Open && self.layered.is_none()
    }

    /// True when the peer sends no more.
    pub(crate) fn is_half_closed(&self) -> bool {
        self.phase == Phase::HalfClosed
    }

    /// True when input has no effect any more.
    pub(crate) fn ignores_input(&self) -> bool {
        matches!(self.phase, Phase::Foreign | Phase::Closing | Phase::Closed)
    }

    /// Why it ends, once the peer sends no more.
    pub(crate) fn eof_reason(&self) -> CloseReason {
        match self.layered.as_ref().and_then(|layered| layered.cut.clone()) {
            Some(error) => CloseReason::Layer(error),
            None => CloseReason::PeerEof,
        }
    }

    /// The other protocol that it speaks, while it waits to be given back.
    pub(crate) fn foreign(&self) -> Option<&'static str> {
        match self.reason.as_deref() {
            Some(CloseReason::Layer(LayerError::Foreign { protocol, .. })) if self.phase == Phase::Foreign => {
                Some(protocol)
            }
            _ => None,
        }
    }

    /// Gives it back, if it speaks another protocol; it is over here then.
    pub(crate) fn detach(&mut self) -> Option<Detached> {
        self.foreign()?;
        self.phase = Phase::Closed;
        let bytes = match self.reason.as_deref() {
            Some(CloseReason::Layer(LayerError::Foreign { bytes, .. })) => bytes.clone(),
            _ => Bytes::new(),
        };
        let unsent = self.wire.transmit().map_or_else(Bytes::new, |transmit| transmit.take());
        // Where nothing was decided but that it is foreign, there is nothing to go through.
        let layer = self.layered.take().map(|layered| layered.layer).filter(|layer| layer.is_established());
        Some(Detached { bytes, unsent, layer })
    }

    /// Sends what is queued, then it is over. The first reason stays.
    pub(crate) fn close(&mut self, reason: CloseReason) {
        if self.phase == Phase::Foreign {
            self.abort(reason);
        } else if !self.ignores_input() {
            self.phase = Phase::Closing;
            self.reason = Some(Box::new(reason));
            // With a handshake still under way below, what waits can never be sealed.
            if let Some(layered) = &mut self.layered
                && !layered.layer.is_established()
            {
                layered.down.clear();
            }
        }
    }

    /// It is over; what is queued is dropped. The first reason stays.
    pub(crate) fn abort(&mut self, reason: CloseReason) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.reason.get_or_insert_with(|| Box::new(reason));
            self.wire.clear();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self.phase {
            Phase::Closed => true,
            Phase::Closing => !self.wants_write(),
            Phase::Open | Phase::HalfClosed | Phase::Foreign => false,
        }
    }

    /// Why it ended, or is ending.
    pub(crate) fn reason(&self) -> Option<&CloseReason> {
        self.reason.as_deref()
    }

    // Memory, shared by many links.

    /// Takes memory for receiving and sending from `pool` where it has none.
    pub(crate) fn borrow_memory(&mut self, pool: &mut Vec<Vec<u8>>) {
        // Most messages fit: growing step by step costs more than what is spared.
        let mut memory = || pool.pop().unwrap_or_else(|| Vec::with_capacity(FIRST));
        self.inbox.lend(&mut memory);
        self.out().lend(&mut memory);
    }

    /// Gives memory that holds nothing back to `pool`.
    pub(crate) fn trim(&mut self, pool: &mut Vec<Vec<u8>>) {
        const POOLED: usize = 64;
        let mut keep = |memory: Option<Vec<u8>>| {
            if let Some(memory) = memory
                && (1..=super::inbox::KEEP).contains(&memory.capacity())
                && pool.len() < POOLED
            {
                pool.push(memory);
            }
        };
        keep(self.inbox.trim());
        keep(self.wire.trim());
        if let Some(layered) = &mut self.layered {
            keep(layered.down.trim());
        }
    }
}

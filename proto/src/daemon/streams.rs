//! Whose streams there are, and until when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::SessionId;
use crate::limits::Config;

/// The text of a UUID.
pub(super) type StreamId = Arc<str>;

/// The streams that a daemon's calls have opened.
#[derive(Default)]
pub(super) struct Streams {
    streams: BTreeMap<StreamId, Tracked>,
    of_sessions: BTreeSet<(SessionId, StreamId)>,
    deadlines: BTreeSet<(Instant, StreamId)>,
}

struct Tracked {
    /// Who pulls it. None after that session's end, until another one asks for an item.
    session: Option<SessionId>,
    /// When its lifetime is over.
    expires: Option<Instant>,
    /// Until when it waits for another session.
    lingers: Option<Instant>,
}

impl Tracked {
    fn deadline(&self) -> Option<Instant> {
        [self.expires, self.lingers].into_iter().flatten().min()
    }
}

impl Streams {
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    pub(super) fn opened(&mut self, id: StreamId, session: SessionId, now: Instant, config: &Config) {
        let expires = config.stream_lifetime.map(|lifetime| now + lifetime);
        self.of_sessions.insert((session, id.clone()));
        self.deadlines.extend(expires.map(|at| (at, id.clone())));
        self.streams.insert(id, Tracked { session: Some(session), expires, lingers: None });
    }

    /// An item was asked for: a stream whose session has ended belongs to this one now.
    pub(super) fn used(&mut self, id: &StreamId, session: SessionId) {
        if self.streams.get(id).is_none_or(|stream| stream.session.is_some()) {
            return;
        }
        self.change(id, |stream| {
            stream.session = Some(session);
            stream.lingers = None;
        });
        self.of_sessions.insert((session, id.clone()));
    }

    pub(super) fn closed(&mut self, id: &str) {
        if let Some(stream) = self.streams.remove(id) {
            if let Some(at) = stream.deadline() {
                self.deadlines.remove(&(at, id.into()));
            }
            if let Some(session) = stream.session {
                self.of_sessions.remove(&(session, id.into()));
            }
        }
    }

    /// A session has ended: its streams linger, or are over. Gives those that are over.
    pub(super) fn session_ended(&mut self, session: SessionId, now: Instant, config: &Config) -> Vec<StreamId> {
        let first = (session, StreamId::default());
        let ids: Vec<_> = self
            .of_sessions
            .range(first..)
            .take_while(|(owner, _)| *owner == session)
            .map(|(_, id)| id.clone())
            .collect();
        for id in &ids {
            self.of_sessions.remove(&(session, id.clone()));
            self.change(id, |stream| {
                stream.session = None;
                stream.lingers = Some(now + config.stream_linger);
            });
        }
        if !config.stream_linger.is_zero() {
            return Vec::new();
        }
        ids.iter().for_each(|id| self.closed(id));
        ids
    }

    /// Takes those whose time is over.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<StreamId> {
        let mut due = Vec::new();
        while let Some((at, id)) = self.deadlines.first().cloned()
            && at <= now
        {
            self.closed(&id);
            due.push(id);
        }
        due
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Changes one, keeping its deadline in the list.
    fn change(&mut self, id: &str, change: impl FnOnce(&mut Tracked)) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        let before = stream.deadline();
        change(stream);
        let after = stream.deadline();
        if before != after {
            if let Some(at) = before {
                self.deadlines.remove(&(at, id.into()));
            }
            self.deadlines.extend(after.map(|at| (at, id.into())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn start() -> Instant {
        // The one place where a test looks at a clock: any start will do.
        #[expect(clippy::disallowed_methods)]
        Instant::now()
    }

    fn session(index: u32) -> SessionId {
        SessionId { index, generation: 1 }
    }

    #[test]
    fn streams_linger_after_their_session_and_can_be_taken_up() {
        let (now, config) = (start(), Config::default());
        let mut streams = Streams::default();
        streams.opened("a".into(), session(1), now, &config);
        streams.opened("b".into(), session(1), now, &config);
        assert_eq!(streams.poll_timeout(), None);
        assert!(streams.session_ended(session(1), now, &config).is_empty());
        assert_eq!(streams.poll_timeout(), Some(now + config.stream_linger));
        streams.used(&"a".into(), session(2));
        assert_eq!(streams.take_due(now + config.stream_linger), ["b".into()]);
        assert_eq!((streams.len(), streams.poll_timeout()), (1, None));
        assert!(streams.session_ended(session(2), now, &config).is_empty());
        streams.closed("a");
        assert!(streams.is_empty() && streams.poll_timeout().is_none() && streams.of_sessions.is_empty());
    }

    #[test]
    fn without_linger_streams_end_with_their_session_and_a_lifetime_ends_them_anyway() {
        let now = start();
        let lifetime = Some(Duration::from_secs(5));
        let config = Config { stream_linger: Duration::ZERO, stream_lifetime: lifetime, ..Config::default() };
        let mut streams = Streams::default();
        streams.opened("a".into(), session(1), now, &config);
        streams.opened("b".into(), session(2), now, &config);
        assert_eq!(streams.session_ended(session(1), now, &config), ["a".into()]);
        streams.used(&"b".into(), session(3));
        assert!(streams.session_ended(session(3), now, &config).is_empty(), "it belongs to the second");
        assert_eq!(streams.take_due(now + Duration::from_secs(5)), ["b".into()]);
        assert!(streams.is_empty() && streams.deadlines.is_empty() && streams.of_sessions.is_empty());
    }
}

//! One connection and the threads that use it: whoever waits drives.

mod opening;

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Buf;
use firesteel_proto::connection::{CallId, RemoteMetadata};
use firesteel_proto::wire::OwnedAnnotations;
use firesteel_proto::{
    CallError, CallFailure, Client, CloseReason, Config, ConnId, IpVersion, Layer, Machine, ObjectId, ProxyEvent,
    ProxyId, Reply, Request,
};
use firesteel_pump::{Socket, receive, send};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::socket::Eager;
use firesteel_pump::{Broadcasts, seeded};
pub(crate) use opening::Watch;

/// A client with one connection. Of the threads that wait for answers, one reads for all, without
/// holding the lock; when it has what it wanted, another takes over.
pub(crate) struct Line {
    state: Mutex<State>,
    /// Told when answers have come, or nobody reads any more.
    news: Condvar,
    connect_timeout: Duration,
    ip_version: IpVersion,
    /// Told how a search for a name goes on.
    watch: Option<Watch>,
}

struct State {
    client: Client,
    socket: Option<(ConnId, Arc<Socket>)>,
    /// A thread reads.
    reading: bool,
    /// Threads that wait for that one.
    waiting: usize,
    /// Answers for threads that wait, by id.
    done: VecDeque<(CallId, Answer)>,
    /// While there are any, calls that nobody waits for yet stay here, to leave together.
    corks: usize,
    /// For what looks for name servers.
    broadcasts: Broadcasts,
    /// The connection that ended last, and why.
    ended: Option<(ConnId, CloseReason)>,
    /// The timeout that the socket has for reading.
    read_timeout: Option<Duration>,
}

impl State {
    fn add_done(&mut self, id: CallId, answer: Answer) {
        // Nearly always the last one: answers come in the order of their calls.
        let at = match self.done.back() {
            Some((last, _)) if *last > id => self.done.partition_point(|(done, _)| *done < id),
            _ => self.done.len(),
        };
        self.done.insert(at, (id, answer));
    }

    fn take_done(&mut self, id: CallId) -> Option<Answer> {
        let answer = match self.done.front()? {
            (first, _) if *first == id => self.done.pop_front(),
            _ => self.done.remove(self.done.binary_search_by_key(&id, |(done, _)| *done).ok()?),
        };
        answer.map(|(_, answer)| answer)
    }

    /// The time for a call. Asking the clock is a part of what a call costs.
    fn time_of(&self, proxy: ProxyId, request: &Request<'_>) -> Instant {
        self.client.untimed(proxy, request).unwrap_or_else(Instant::now)
    }

    /// What was called may wait for more to leave with.
    fn may_wait(&mut self) -> bool {
        if self.corks == 0 {
            return false;
        }
        let State { client, socket: Some((connection, _)), .. } = self else { return false };
        let Some(mut machine) = client.connection(*connection) else { return false };
        machine.poll_transmit().is_none_or(|unsent| unsent.remaining() < BUFFER)
    }
}

/// How a call ended.
pub(crate) type Answer = (Result<Reply, CallFailure>, OwnedAnnotations);

/// Space for one read.
const BUFFER: usize = 64 * 1024;

thread_local! {
    /// What this thread reads into: a connection that is idle holds nothing.
    static SPACE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Line {
    /// A line for the object that a URI names; connected on first use.
    pub(crate) fn new(config: Config) -> Self {
        let (connect_timeout, ip_version) = (config.handshake_timeout, config.ip_version);
        let mut client = Client::new(Instant::now(), seeded(config));
        let state = State {
            broadcasts: Broadcasts::new(&mut client),
            client,
            ended: None,
            socket: None,
            reading: false,
            waiting: 0,
            done: VecDeque::new(),
            corks: 0,
            read_timeout: None,
        };
        Self { state: Mutex::new(state), news: Condvar::new(), connect_timeout, ip_version, watch: None }
    }

    /// Runs `f` on the client.
    pub(crate) fn with_client<T>(&self, f: impl FnOnce(&mut Client) -> T) -> T {
        f(&mut self.lock().client)
    }

    /// Uses a socket that is there already.
    pub(crate) fn adopt(
        &self,
        object: impl Into<ObjectId>,
        socket: Socket,
        layer: Option<Box<dyn Layer>>,
    ) -> io::Result<ProxyId> {
        socket.set_nonblocking(false)?;
        let mut state = self.lock();
        let (connection, proxy) = state.client.adopt(Instant::now(), object, layer);
        state.socket = Some((connection, Arc::new(socket)));
        Ok(proxy)
    }

    /// A proxy for another object on the same socket.
    pub(crate) fn share(&self, object: impl Into<ObjectId>) -> Option<ProxyId> {
        let mut state = self.lock();
        let connection = state.socket.as_ref()?.0;
        Some(state.client.proxy_on(connection, object))
    }

    /// Makes a call, to be waited for with [`finish`](Self::finish).
    pub(crate) fn start(&self, proxy: ProxyId, request: &Request<'_>) -> Result<CallId, CallError> {
        let mut state = self.lock();
        let now = state.time_of(proxy, request);
        let id = state.client.call(now, proxy, request)?;
        // A failure comes back as the call's end.
        self.open(&mut state);
        if !state.may_wait() {
            self.flush(&mut state);
        }
        Ok(id)
    }

    /// Holds back what is called, until as many [`uncork`](Self::uncork) have followed.
    pub(crate) fn cork(&self) {
        self.lock().corks += 1;
    }

    /// Sends what was held back.
    pub(crate) fn uncork(&self) {
        let mut state = self.lock();
        state.corks -= 1;
        if state.corks == 0 {
            self.flush(&mut state);
        }
    }

    /// Waits for a call's end.
    pub(crate) fn finish(&self, id: CallId) -> Answer {
        self.wait_for(self.lock(), id)
    }

    /// A call's end, if it has come.
    pub(crate) fn try_finish(&self, id: CallId) -> Option<Answer> {
        let mut state = self.lock();
        if !state.reading
            && let State { client, socket: Some((connection, socket)), .. } = &mut *state
            && let Some(mut machine) = client.connection(*connection)
        {
            let now = Instant::now();
            let received = receive(&mut machine, &mut Eager(socket), now);
            if received.is_err() {
                machine.handle_error(now);
            }
        }
        state.client.handle_timeout(Instant::now());
        // The server may have turned out to speak another protocol.
        self.open(&mut state);
        self.flush(&mut state);
        self.collect(&mut state);
        if state.waiting > 0 {
            self.news.notify_all();
        }
        state.take_done(id)
    }

    /// Nobody waits for a call any more.
    pub(crate) fn cancel(&self, id: CallId) {
        let mut state = self.lock();
        state.client.cancel(Instant::now(), id);
        self.collect(&mut state);
        state.take_done(id);
    }

    /// Makes a call and waits for its end.
    pub(crate) fn call(&self, proxy: ProxyId, request: &Request<'_>) -> Answer {
        self.wait(|state| state.client.call(state.time_of(proxy, request), proxy, request))
    }

    pub(crate) fn ping(&self, proxy: ProxyId) -> Answer {
        self.wait(|state| state.client.ping(Instant::now(), proxy))
    }

    /// Makes a call that is not answered: waits until it is sent.
    pub(crate) fn notify(&self, proxy: ProxyId, request: &Request<'_>) -> Result<(), CallFailure> {
        let mut state = self.lock();
        state.client.notify(Instant::now(), proxy, request)?;
        let connection = state.client.connection_of(proxy);
        if connection.is_some_and(|connection| !state.client.is_connected(connection)) {
            self.open(&mut state);
            self.collect(&mut state);
            if let Some((_, reason)) = state.ended.take_if(|(ended, _)| Some(*ended) == connection) {
                return Err(CallFailure::Lost(reason));
            }
        }
        // Before the handshake is done, the call waits behind it; a PING tells when it is.
        if connection.is_some_and(|connection| !state.client.is_ready(connection)) {
            drop(state);
            return self.ping(proxy).0.map(|_| ());
        }
        if state.may_wait() {
            return Ok(());
        }
        loop {
            self.flush(&mut state);
            let is_lost = |client: &mut Client, id| client.connection(id).is_none_or(|machine| machine.is_closed());
            if connection.is_some_and(|connection| is_lost(&mut state.client, connection)) {
                self.collect(&mut state);
                return Err(CallFailure::Lost(CloseReason::Transport));
            }
            let Some(socket) = self.unsent(&mut state) else { return Ok(()) };
            drop(state);
            wait_for(&socket, PollFlags::OUT, None);
            state = self.lock();
        }
    }

    /// What the object exposes, connecting first where needed.
    pub(crate) fn metadata(&self, proxy: ProxyId) -> Result<Option<RemoteMetadata>, CallFailure> {
        if let Some(known) = self.with_client(|client| client.metadata(proxy).cloned()) {
            return Ok(Some(known));
        }
        self.ping(proxy).0?;
        Ok(self.with_client(|client| client.metadata(proxy).cloned()))
    }

    /// Closes the connection; the next call opens another.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.client.shutdown(Instant::now());
        self.flush(&mut state);
        self.collect(&mut state);
    }

    /// Starts something that has an id, and waits for its end.
    fn wait(&self, start: impl FnOnce(&mut State) -> Result<CallId, CallError>) -> Answer {
        let mut state = self.lock();
        let id = match start(&mut state) {
            Ok(id) => id,
            Err(error) => return (Err(error.into()), OwnedAnnotations::default()),
        };
        self.wait_for(state, id)
    }

    fn wait_for<'a>(&'a self, mut state: MutexGuard<'a, State>, id: CallId) -> Answer {
        // It may have come with others.
        if !state.done.is_empty()
            && (state.reading || state.waiting == 0)
            && let Some(answer) = state.take_done(id)
        {
            return answer;
        }
        loop {
            // A failure comes back as the call's end.
            self.open(&mut state);
            self.flush(&mut state);
            if let Some(answer) = self.collect_for(&mut state, Some(id)) {
                if !state.reading && state.waiting > 0 {
                    // Somebody else reads on.
                    self.news.notify_all();
                }
                return answer;
            }
            state = if state.reading { self.follow(state) } else { self.lead(state) };
        }
    }

    /// Waits for the thread that reads.
    fn follow<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if let Some(socket) = self.unsent(&mut state) {
            // The reader may be asleep: what is left to send is this thread's.
            let most = Duration::from_millis(50);
            let wait = left(&state).map_or(most, |left| left.min(most));
            drop(state);
            wait_for(&socket, PollFlags::OUT, Some(wait));
            state = self.lock();
            state.client.handle_timeout(Instant::now());
            self.flush(&mut state);
            return state;
        }
        state.waiting += 1;
        let timeout = left(&state).unwrap_or(Duration::from_secs(3600));
        let (mut state, _) = self.news.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state.client.handle_timeout(Instant::now());
        state
    }

    /// Reads for all, without the lock.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if let Some((connection, _)) = state.socket
            && !state.client.is_connected(connection)
        {
            // It is gone; the connection will be made again.
            state.socket = None;
        }
        let Some((connection, socket)) = state.socket.clone() else { return self.wait_for_time(state) };
        let timeout = left(&state);
        if timeout.is_some_and(|left| left.is_zero()) {
            state.client.handle_timeout(Instant::now());
            return state;
        }
        let unsent = self.unsent(&mut state).is_some();
        let mut buffer = SPACE.take();
        buffer.resize(BUFFER, 0);
        let set = set_read_timeout(&mut state, &socket, timeout);
        state.reading = true;
        drop(state);

        let result = match set {
            Ok(()) if unsent => {
                wait_for(&socket, PollFlags::IN | PollFlags::OUT, timeout);
                receive_now(&socket, &mut buffer)
            }
            Ok(()) => { &*socket }.read(&mut buffer),
            Err(error) => Err(error),
        };

        let mut state = self.lock();
        state.reading = false;
        let now = Instant::now();
        // What came on a socket that was replaced meanwhile counts no more.
        let current = state.socket.as_ref().is_some_and(|(_, current)| Arc::ptr_eq(current, &socket));
        if let Some(mut machine) = state.client.connection(connection)
            && current
        {
            match result {
                Ok(0) => machine.handle_eof(now),
                Ok(n) => machine.handle_input(now, &buffer[..n]),
                Err(error) if is_harmless(&error) => {}
                Err(_) => machine.handle_error(now),
            }
        }
        SPACE.set(buffer);
        if timeout.is_some() {
            state.client.handle_timeout(now);
        }
        if state.waiting > 0 {
            self.flush(&mut state);
            self.collect(&mut state);
            self.news.notify_all();
        }
        state
    }

    /// Sends what can be sent without waiting.
    fn flush(&self, state: &mut State) {
        let State { client, socket: Some((connection, socket)), .. } = state else { return };
        if let Some(mut machine) = client.connection(*connection)
            && machine.wants_write()
            && send(&mut machine, &mut Eager(socket)).is_err()
        {
            // What the peer said last may still be there to read.
            let _ = receive(&mut machine, &mut &**socket, Instant::now());
            machine.handle_error(Instant::now());
        }
    }

    /// The socket, while something waits to be sent on it.
    fn unsent(&self, state: &mut State) -> Option<Arc<Socket>> {
        let (connection, socket) = state.socket.as_ref()?;
        state.client.connection(*connection)?.wants_write().then(|| Arc::clone(socket))
    }

    /// Sorts what has happened.
    fn collect(&self, state: &mut State) {
        self.collect_for(state, None);
    }

    /// Sorts what has happened, and gives the end of one call if it has come.
    fn collect_for(&self, state: &mut State, wanted: Option<CallId>) -> Option<Answer> {
        let mut found = wanted.and_then(|id| state.take_done(id));
        while state.client.poll_connection().is_some() {
            self.flush(state);
        }
        while let Some(event) = state.client.poll_event() {
            match event {
                ProxyEvent::Done { id, result, annotations } if Some(id) == wanted => {
                    found = Some((result, annotations));
                }
                ProxyEvent::Done { id, result, annotations } => state.add_done(id, (result, annotations)),
                ProxyEvent::Closed { connection, reason } => {
                    state.ended = Some((connection, reason));
                    if state.socket.as_ref().is_some_and(|(id, _)| *id == connection)
                        && let Some((_, socket)) = state.socket.take()
                        && state.reading
                    {
                        // Another thread may be waiting in a read: nothing will come any more.
                        socket.shutdown();
                    }
                }
                ProxyEvent::Naming { step, .. } => self.tell(&step),
                _ => {}
            }
        }
        found
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long until the next deadline.
fn left(state: &State) -> Option<Duration> {
    Some(state.client.poll_timeout()?.saturating_duration_since(Instant::now()))
}

/// Sets the timeout for reading, unless the one that is set comes close: this saves a system call
/// for each call with a timeout.
fn set_read_timeout(state: &mut State, socket: &Socket, wanted: Option<Duration>) -> io::Result<()> {
    let close = match (state.read_timeout, wanted) {
        (None, None) => true,
        (Some(set), Some(wanted)) => set >= wanted && set - wanted <= wanted / 50 + Duration::from_millis(1),
        _ => false,
    };
    if !close {
        socket.set_read_timeout(wanted)?;
        state.read_timeout = wanted;
    }
    Ok(())
}

fn wait_for(socket: impl AsFd, what: PollFlags, timeout: Option<Duration>) {
    let timeout = timeout.map(|timeout| Timespec {
        tv_sec: timeout.as_secs().min(1 << 20) as i64,
        tv_nsec: i64::from(timeout.subsec_nanos()),
    });
    // Its errors come back from the read or write that follows.
    let _ = poll(&mut [PollFd::new(&socket, what)], timeout.as_ref());
}

fn receive_now(socket: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    let (n, _) = rustix::net::recv(socket, buffer, rustix::net::RecvFlags::DONTWAIT)?;
    Ok(n)
}

fn is_harmless(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

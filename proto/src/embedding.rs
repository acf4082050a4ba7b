//! How to put the core into your own loop. Documentation only.
//!
//! # The loop
//!
//! A [`Daemon`] owns all incoming sessions, and a [`Client`] all outgoing connections. Each of them is
//! a [`Machine`]: you give it the bytes that you read, and send the bytes that it lends. You own the
//! sockets, the clock and the waiting. With `firesteel-pump` (in the facade crate `firesteel::pump`),
//! which moves bytes between a machine and any non-blocking `Read + Write`, a complete server loop is:
//!
//! ```text
//! // Sockets are non-blocking. A loop of `poll(2)` leaves out sockets without an interest: it tells of
//! // hang-ups unasked.
//! while !daemon.is_drained() {
//!     let wait = daemon.poll_timeout().map(|at| at.saturating_duration_since(Instant::now()));
//!     for ready in my_loop.wait(wait)? {
//!         match ready {
//!             // The peer: a `SocketAddr` on TCP, `Peer::unix()` on a unix socket that you listen on.
//!             // `Peer::pair()` is for socketpairs that somebody handed to you.
//!             Accepted(socket, address) => match daemon.open(Instant::now(), address, None) {
//!                 Ok(id) => { sockets.insert(id, socket); step(&mut daemon, &sockets, id) }
//!                 Err(_refused) => drop(socket),
//!             },
//!             Io(id) => step(&mut daemon, &sockets, id),
//!         }
//!     }
//!     let now = Instant::now();
//!     daemon.handle_timeout(now);
//!     daemon.dispatch(now, &mut world, Budget::calls(32));                      // user code runs here
//!     while let Some(id) = daemon.poll_session() { step(&mut daemon, &sockets, id) }
//!     while let Some(event) = daemon.poll_event() { /* Closed { session, .. }: drop its socket */ }
//! }
//! // When it is drained, the last `Closed` events may still wait in `poll_event`.
//!
//! fn step(daemon, sockets, id) {
//!     let now = Instant::now();
//!     if let Some(mut session) = daemon.session(id) {
//!         if pump(&mut session, &sockets[id], now).is_err() { session.handle_error(now) }
//!         my_loop.set_interest(id, session.wants_read(), session.wants_write());
//!     }
//! }
//! ```
//!
//! `examples/poll_by_hand.rs` is that program on `poll(2)`. A client's part of the same loop:
//!
//! ```text
//! let call = client.call(now, proxy, &Request::method("add", &(5,)))?;
//! while let Some((id, target)) = client.poll_connect() {
//!     match my_loop.connect(target) {                                           // or later, when it is connected
//!         Ok(socket) => { sockets.insert(id, socket); client.connected(now, id, None) }
//!         Err(error) => client.failed(now, id, error),
//!     }
//! }
//! while let Some(id) = client.poll_connection() { step(&mut client, &sockets, id) }
//! client.handle_timeout(now);
//! while let Some(event) = client.poll_event() {
//!     match event {
//!         ProxyEvent::Done { id, result, .. } => { /* the call's end */ }
//!         ProxyEvent::Closed { connection, .. } => { /* drop its socket */ }
//!         _ => {}
//!     }
//! }
//! ```
//!
//! Several daemons take turns in one loop: wait for the sockets of all, until the first of their times, and step each. See
//! `examples/two_daemons.rs`.
//!
//! # Edge and level
//!
//! The core works under both. On an edge-triggered loop pump until `WouldBlock` (`pump` does), and pump
//! every session that [`Daemon::poll_session`] names: reading that was held back was resumed, and the
//! edge is long gone. On a level-triggered loop set the interest after each step; `pump_short` saves
//! the read that would only say that there is nothing more.
//!
//! # Ticks
//!
//! A game does not wait: `pump; handle_timeout; dispatch(now, &mut world, Budget::calls(8)); pump`, once
//! per tick. The budget bounds the calls; sessions take turns, one call each.
//!
//! # Threads
//!
//! A `Daemon<Local>` and its objects live on one thread. For objects that several threads call at once,
//! register them in a [`Shared`] and make a [`Daemon::shared`]: [`Daemon::next_job`] gives a [`Job`] that
//! any thread may run. Members that take `&self` run at the same time, those that take `&mut self` alone;
//! no worker waits for an object, a job comes when its object is free. In the loop, take jobs where a
//! `Local` daemon dispatches: `while let Some(job) = daemon.next_job(now)` hand it to a worker, which calls
//! [`Job::run`]; a thread that steps the daemon right afterwards itself calls `run_here` and `finish`. Mind that a long `&self` call
//! holds up a `&mut self` one, and that one the calls behind it: let long work answer later.
//!
//! # Answers that come later
//!
//! A method that cannot answer at once calls [`Context::defer`](crate::Context::defer), gives the
//! [`Responder`] to whoever will know, and returns the `Deferred`. The responder may go to
//! another thread; [`Daemon::set_waker`] tells the loop when an answer has come. Outgoing calls made from
//! inside `dispatch` work the same way: a call on a [`Client`], and a responder for its answer.
//!
//! Futures do it, too: [`Context::spawn`](crate::Context::spawn) answers with what a future gives, on the executor of
//! [`Daemon::set_spawner`](crate::Daemon::set_spawner), and `#[expose]` makes that of `async` methods.
//!
//! # TLS, and telling protocols apart
//!
//! A [`Layer`] turns wire bytes into plaintext and back, below the machine: a loop pumps as ever. [`Config::layers`] makes one for
//! each session and each connection. `firesteel-tls` has TLS for it (in the facade crate `firesteel::tls`, feature `tls`), and [`OnePort`]
//! tells protocols apart without any TLS. A layer may also be given by hand to [`Daemon::open`], [`Client::connected`] and
//! [`Client::adopt`].
//!
//! - While the layer is at its handshake, nothing of the protocol is sent, and the peer has the time and the bytes of a handshake
//!   ([`Config::handshake_timeout`], [`Limits::max_handshake`]) for both together.
//! - Whom it found at the other end is [`Peer::identity`] before the gatekeeper looks, and [`Client::identity`].
//! - An orderly end of the layer is the end of the stream, even if the socket stays open. A stream that is cut ends as any: calls that
//!   arrived run, and the reason is [`LayerError::Truncated`].
//!
//! What speaks another protocol is handed back:
//!
//! ```text
//! while let Some(event) = daemon.poll_event() {
//!     match event {
//!         DaemonEvent::Foreign { session, protocol } => if let Some(detached) = daemon.detach(session) {
//!             // The daemon has forgotten it. Send `detached.unsent`, take `detached.bytes` for what was read, and go on
//!             // with the socket; through `detached.layer`, where there is one: what came was inside of TLS.
//!             web_server.take(sockets.remove(&session), detached)
//!         },
//!         DaemonEvent::Closed { session, .. } => { sockets.remove(&session); }
//!         _ => {}
//!     }
//! }
//! ```
//!
//! Until then, the session neither reads nor writes. The ready-made adapters do this, and give the socket to whoever is
//! set with `set_foreign`; see `examples/one_port.rs`.
//!
//! # Sockets without a handshake
//!
//! On a connected socket that the user supplies, Pyro sends no CONNECT. The default [`Peer`] takes either,
//! by the first message; [`Client::adopt`] begins with calls.
//!
//! # Shutdown
//!
//! [`Daemon::shutdown`] lets calls that run end within a grace; go on with the loop until
//! [`Daemon::is_drained`].
//!
//! # What a call costs
//!
//! Received bytes are copied once, from the lent buffer to the session's inbox, unless the message is
//! large: that is read into its own buffer. Arguments are decoded straight from there; strings without
//! escapes can be borrowed. An answer is serialized once into memory that is used again, and copied once
//! behind its header, unless it is large. Beyond what decoded arguments and answers need, a call
//! allocates nothing on the daemon's side, and the buffer of the answer on the client's
//! (`proto/tests/allocations.rs` counts).
//!
//! # The contract
//!
//! Each line has its tests in `proto/tests/contract`.
//!
//! 1. Any method is legal at any time in any order; nothing must be drained first; after close, inputs
//!    are ignored. Undelivered events do not stop reading.
//! 2. `now` must not go backwards; if it does, the earlier maximum is used.
//! 3. Inputs run no user code. PING and protocol errors are answered without `dispatch`. Instances,
//!    streams and resources of an ended session are dropped in the next one; the gatekeeper, hooks and
//!    notices of sessions run there too. Who was told of a session is told of its end, once.
//! 4. `poll_timeout` is already past only while `dispatch` (or `next_job`, when fewer than `workers`
//!    jobs are out) could make progress now, or an event is undelivered, or a session or connection
//!    waits to be polled. Work that waits for a responder, a busy object or a worker wakes through the
//!    waker. So a loop that obeys only `poll_timeout` and the waker neither stalls nor spins. Asking for
//!    interests changes nothing.
//! 5. `dispatch` serves sessions round-robin, one call each: a chatty client cannot eat the tick.
//! 6. `wants_read` turns false when a session's waiting bytes or unsent output pass their limits
//!    (overshot by one message at most), or when its PINGs have used up their turn. When it turns true
//!    again, or `wants_write` does, the session reappears in `poll_session`.
//! 7. Receive memory grows with bytes received, never with the length claimed; limits are checked at the
//!    header.
//! 8. Every call ends exactly once: value, fault, deadline, cancelled or connection lost. A deadline does
//!    not tear the connection down: the slot stays taken until the late answer comes or the connection
//!    ends.
//! 9. Answers to sessions that are gone are discarded; `Responder::is_cancelled` tells workers to stop.
//!    After EOF, calls that arrived still run (a oneway, then close), deferred ones are cancelled, output
//!    is flushed, then `Closed` is told. A peer that does not take the last bytes is dropped after the
//!    time of a handshake.
//! 10. A batch runs in order, stops at the first fault, counts each call against the budget, waits for a
//!     deferred call. No other request of its session starts before its end.
//! 11. Streams live in the registry, obey lifetime and linger, and survive a reconnect.
//! 12. `shutdown(grace)`: no new sessions or calls; running and deferred calls may finish and be flushed;
//!     then everything closes. It is drained once what belonged to the last sessions is dropped, too.
//! 13. Same inputs, same `now`s, same seed: same bytes out.
//! 14. Calls of a session start in arrival order. The next one starts when the previous is answered,
//!     except that a oneway counts as answered when it starts, and that a session whose client told so (the annotation
//!     `FSTL`: see [`Extensions`](crate::wire::Extensions)) has up to `max_in_flight` calls out at once, each answered as
//!     it ends. Calls of one object still go in turn, in the order in which they came. A batch holds up what follows it.
//!
//! [`Client`]: crate::Client
//! [`Client::adopt`]: crate::Client::adopt
//! [`Client::connected`]: crate::Client::connected
//! [`Client::connection`]: crate::Client::connection
//! [`Client::poll_connect`]: crate::Client::poll_connect
//! [`Client::poll_connection`]: crate::Client::poll_connection
//! [`Client::identity`]: crate::Client::identity
//! [`Client::poll_event`]: crate::Client::poll_event
//! [`Config::handshake_timeout`]: crate::Config::handshake_timeout
//! [`Config::layers`]: crate::Config::layers
//! [`Daemon`]: crate::Daemon
//! [`Daemon::is_drained`]: crate::Daemon::is_drained
//! [`Daemon::next_job`]: crate::Daemon::next_job
//! [`Daemon::open`]: crate::Daemon::open
//! [`Daemon::poll_session`]: crate::Daemon::poll_session
//! [`Daemon::set_waker`]: crate::Daemon::set_waker
//! [`Daemon::shared`]: crate::Daemon::shared
//! [`Daemon::shutdown`]: crate::Daemon::shutdown
//! [`Job`]: crate::Job
//! [`Job::run`]: crate::Job::run
//! [`Layer`]: crate::Layer
//! [`LayerError::Truncated`]: crate::LayerError::Truncated
//! [`Limits::max_handshake`]: crate::Limits::max_handshake
//! [`Machine`]: crate::Machine
//! [`OnePort`]: crate::OnePort
//! [`Peer`]: crate::Peer
//! [`Peer::identity`]: crate::Peer::identity
//! [`Responder`]: crate::Responder
//! [`Shared`]: crate::Shared

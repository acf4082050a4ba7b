//! A complete server on `poll` and `pump`, nothing else: what an adapter for any event loop does.
//!
//!     cargo run --example poll_by_hand
//!     cargo run --example poll_by_hand -- --serve [ADDRESS]

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use firesteel::{
    Budget, Config, Context, Daemon, DaemonEvent, Fault, Machine, Outcome, SessionId, blocking, expose, pump::pump,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

type Sockets = BTreeMap<SessionId, TcpStream>;

/// Serves until it is told to stop, and has done so.
fn serve(mut daemon: Daemon, listener: TcpListener, alarm: &Alarm) -> Result<(), Box<dyn std::error::Error>> {
    let mut sockets = Sockets::new();
    listener.set_nonblocking(true)?;
    while !daemon.is_drained() {
        // 1. Ask everybody what they wait for. Who waits for nothing stays out: poll tells of errors unasked.
        let mut interests = Vec::new();
        for (id, socket) in &sockets {
            if let Some(session) = daemon.session(*id) {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN, session.wants_read());
                flags.set(PollFlags::OUT, session.wants_write());
                if !flags.is_empty() {
                    interests.push((*id, socket, flags));
                }
            }
        }
        let mut fds = vec![PollFd::new(&alarm.bell, PollFlags::IN), PollFd::new(&listener, PollFlags::IN)];
        fds.extend(interests.iter().map(|(_, socket, flags)| PollFd::new(*socket, *flags)));

        // 2. Wait.
        let wait = daemon.poll_timeout().map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = wait.map(Timespec::try_from).transpose()?;
        poll(&mut fds, timeout.as_ref()).or_else(|e| if e == rustix::io::Errno::INTR { Ok(0) } else { Err(e) })?;
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let knocked = ready(&fds[1]);
        let ready: Vec<_> = interests.iter().zip(&fds[2..]).filter(|(_, fd)| ready(fd)).map(|(it, _)| it.0).collect();

        // 3. Bytes in and out.
        let _ = (&alarm.bell).read(&mut [0; 64]);
        if alarm.stop.swap(false, Ordering::AcqRel) {
            daemon.shutdown(Instant::now(), Duration::from_secs(5));
        }
        if knocked {
            loop {
                match listener.accept() {
                    Ok((socket, address)) => {
                        socket.set_nonblocking(true)?;
                        socket.set_nodelay(true)?;
                        // A client that is refused sees its socket closed.
                        if let Ok(id) = daemon.open(Instant::now(), address, None) {
                            sockets.insert(id, socket);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        for id in ready {
            step(&mut daemon, &sockets, id);
        }

        // 4. Time and user code, then what they brought.
        daemon.handle_timeout(Instant::now());
        daemon.dispatch(Instant::now(), &mut (), Budget::calls(32));
        while let Some(id) = daemon.poll_session() {
            step(&mut daemon, &sockets, id);
        }
        while let Some(event) = daemon.poll_event() {
            if let DaemonEvent::Closed { session, .. } = event {
                sockets.remove(&session);
            }
        }
    }
    Ok(())
}

fn step(daemon: &mut Daemon, sockets: &Sockets, id: SessionId) {
    if let (Some(mut session), Some(socket)) = (daemon.session(id), sockets.get(&id))
        && pump(&mut session, socket, Instant::now()).is_err()
    {
        session.handle_error(Instant::now());
    }
}

/// Wakes the loop from other threads: for an answer that comes from elsewhere, or to stop it.
struct Alarm {
    rope: UnixStream,
    bell: UnixStream,
    stop: AtomicBool,
}

impl Alarm {
    fn new() -> std::io::Result<Self> {
        let (rope, bell) = UnixStream::pair()?;
        rope.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        Ok(Self { rope, bell, stop: AtomicBool::new(false) })
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // Where the pipe is full, the loop will wake anyway.
        let _ = (&self.rope).write(&[0]);
    }
}

// What it serves, and who calls it.

struct Oven;

#[expose]
impl Oven {
    pub fn temperature(&self) -> f64 {
        21.5
    }

    /// Answers later, from another thread: the loop goes on meanwhile.
    pub fn bake(&self, cx: &mut Context<'_>, what: String) -> Outcome {
        let (responder, deferred) = cx.defer();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            match what.as_str() {
                "water" => responder.fail(Fault::new("builtins.ValueError", "water cannot be baked")),
                _ => responder.reply(&format!("a fresh {what}")),
            }
        });
        Ok(deferred.into())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let listener = TcpListener::bind(arguments.get(1).map_or("127.0.0.1:0", String::as_str))?;
    let uri = format!("PYRO:oven@{}", listener.local_addr()?);
    let alarm = Arc::new(Alarm::new()?);
    let mut daemon = Daemon::new(Instant::now(), Config::default());
    daemon.set_waker(Waker::from(Arc::clone(&alarm)));
    daemon.register("oven", Oven)?;
    println!("READY {uri}");
    if arguments.first().is_some_and(|first| first == "--serve") {
        return serve(daemon, listener, &alarm);
    }
    let stopper = Arc::clone(&alarm);
    let client = std::thread::spawn(move || {
        let result = use_oven(&uri);
        stopper.stop.store(true, Ordering::Release);
        stopper.wake();
        result
    });
    serve(daemon, listener, &alarm)?;
    Ok(client.join().expect("the client does not panic")?)
}

fn use_oven(uri: &str) -> Result<(), firesteel::CallFailure> {
    let oven = blocking::Proxy::new(uri)?;
    println!("temperature() gives {}", oven.call::<f64>("temperature", &())?);
    println!("bake(\"bread\") gives {:?}", oven.call::<String>("bake", &("bread",))?);
    match oven.call::<String>("bake", &("water",)) {
        Ok(answer) => println!("bake(\"water\") gives {answer:?}, which is a surprise"),
        Err(failure) => println!("bake(\"water\") raises {failure}"),
    }
    Ok(())
}

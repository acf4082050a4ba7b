//! Several daemons in one loop: what `daemon.combine` does in Pyro, and more, as each has a config of its own.
//!
//! One daemon is for everybody, the other one for whoever runs the shop, on a port that is not told. Their objects share
//! what they know without a lock: everything happens on one thread. Where answers come from other threads, the loop
//! needs a waker, too: `poll_by_hand` has one.
//!
//!     cargo run --example two_daemons
//!     cargo run --example two_daemons -- --serve

use std::cell::Cell;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use firesteel::pump::pump;
use firesteel::{Budget, Config, Daemon, DaemonEvent, Fault, Location, Machine, SessionId, Uri, blocking, expose};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// A daemon with its sockets.
pub struct Host {
    daemon: Daemon,
    listener: TcpListener,
    sockets: BTreeMap<SessionId, TcpStream>,
}

impl Host {
    /// Listens on a free port.
    fn new(mut config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        config.location = Some(Location::from(listener.local_addr()?));
        Ok(Self { daemon: Daemon::new(Instant::now(), config), listener, sockets: BTreeMap::new() })
    }

    /// Where an object of its daemon is.
    pub fn uri(&self, object: &str) -> Option<Uri> {
        self.daemon.uri(object)
    }

    /// What to wait for: the listener first, then the sockets.
    fn interests(&mut self) -> Vec<(Option<SessionId>, PollFd<'_>)> {
        let mut interests = vec![(None, PollFd::new(&self.listener, PollFlags::IN))];
        for (id, socket) in &self.sockets {
            if let Some(session) = self.daemon.session(*id) {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN, session.wants_read());
                flags.set(PollFlags::OUT, session.wants_write());
                if !flags.is_empty() {
                    interests.push((Some(*id), PollFd::new(socket, flags)));
                }
            }
        }
        interests
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, address)) => {
                    socket.set_nonblocking(true)?;
                    socket.set_nodelay(true)?;
                    // A client that is refused sees its socket closed.
                    if let Ok(id) = self.daemon.open(Instant::now(), address, None) {
                        self.sockets.insert(id, socket);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn step(&mut self, id: SessionId) {
        if let (Some(mut session), Some(socket)) = (self.daemon.session(id), self.sockets.get(&id))
            && pump(&mut session, socket, Instant::now()).is_err()
        {
            session.handle_error(Instant::now());
        }
    }

    /// Time and user code, then what they brought.
    fn work(&mut self) {
        self.daemon.handle_timeout(Instant::now());
        // Neither daemon keeps the loop for long.
        self.daemon.dispatch(Instant::now(), &mut (), Budget::calls(32));
        while let Some(id) = self.daemon.poll_session() {
            self.step(id);
        }
        while let Some(event) = self.daemon.poll_event() {
            if let DaemonEvent::Closed { session, .. } = event {
                self.sockets.remove(&session);
            }
        }
    }
}

/// Serves all of them until the other end of `stop` is closed, and what runs then has ended.
pub fn serve(hosts: &mut [Host], mut stop: UnixStream) -> Result<(), Box<dyn Error>> {
    stop.set_nonblocking(true)?;
    let mut stopping = false;
    while hosts.iter().any(|host| !host.daemon.is_drained()) {
        // The first of all that is due.
        let due = hosts.iter().filter_map(|host| host.daemon.poll_timeout()).min();
        let wait = due.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = wait.map(Timespec::try_from).transpose()?;

        let ready: Vec<(usize, Option<SessionId>)> = {
            let (mut names, mut fds) = (Vec::new(), Vec::new());
            for (at, host) in hosts.iter_mut().enumerate() {
                for (session, fd) in host.interests() {
                    names.push((at, session));
                    fds.push(fd);
                }
            }
            if !stopping {
                fds.push(PollFd::new(&stop, PollFlags::IN));
            }
            poll(&mut fds, timeout.as_ref()).or_else(|error| if error == Errno::INTR { Ok(0) } else { Err(error) })?;
            let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
            names.into_iter().zip(&fds).filter(|(_, fd)| ready(fd)).map(|(name, _)| name).collect()
        };
        for (at, session) in ready {
            match session {
                Some(id) => hosts[at].step(id),
                None => hosts[at].accept()?,
            }
        }
        if !stopping && matches!(stop.read(&mut [0]), Ok(0)) {
            stopping = true;
            for host in hosts.iter_mut() {
                host.daemon.shutdown(Instant::now(), Duration::from_secs(5));
            }
        }
        for host in hosts.iter_mut() {
            host.work();
        }
    }
    Ok(())
}

struct Shop {
    stock: Rc<Cell<u32>>,
}

#[expose]
impl Shop {
    pub fn buy(&self, n: u32) -> Result<u32, Fault> {
        let left = self.stock.get().checked_sub(n).ok_or_else(|| Fault::new("builtins.ValueError", "sold out"))?;
        self.stock.set(left);
        Ok(left)
    }
}

struct Store {
    stock: Rc<Cell<u32>>,
}

#[expose]
impl Store {
    pub fn deliver(&self, n: u32) -> u32 {
        self.stock.set(self.stock.get().saturating_add(n));
        self.stock.get()
    }
}

/// The daemon for everybody, with the object `shop`, and the one with the object `store`.
pub fn open() -> Result<[Host; 2], Box<dyn Error>> {
    let stock = Rc::new(Cell::new(0));
    let mut shop = Host::new(Config::default())?;
    shop.daemon.register("shop", Shop { stock: Rc::clone(&stock) })?;
    let mut config = Config::default();
    config.limits.max_sessions = 2;
    let mut store = Host::new(config)?;
    store.daemon.register("store", Store { stock })?;
    Ok([shop, store])
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut hosts = open()?;
    let uris =
        [hosts[0].uri("shop"), hosts[1].uri("store")].map(|uri| uri.map_or_else(String::new, |it| it.to_string()));
    println!("READY {}\nREADY {}", uris[0], uris[1]);
    let (rope, stop) = UnixStream::pair()?;
    if std::env::args().nth(1).is_some_and(|first| first == "--serve") {
        return serve(&mut hosts, stop);
    }
    let client = std::thread::spawn(move || {
        let result = go_shopping(&uris);
        // The loop sees its end.
        drop(rope);
        result
    });
    serve(&mut hosts, stop)?;
    Ok(client.join().expect("the client does not panic")?)
}

fn go_shopping([shop, store]: &[String; 2]) -> Result<(), firesteel::CallFailure> {
    let (shop, store) = (blocking::Proxy::new(shop)?, blocking::Proxy::new(store)?);
    if let Err(failure) = shop.call::<u32>("buy", &(1,)) {
        println!("buy(1) raises {failure}");
    }
    println!("deliver(10) gives {}", store.call::<u32>("deliver", &(10,))?);
    println!("buy(3) gives {}", shop.call::<u32>("buy", &(3,))?);
    Ok(())
}

//! A game that serves its players between two frames: at most eight calls in each, no thread, no lock.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use firesteel::{Budget, CallFailure, Config, Context, Daemon, Peer, blocking, expose, pump::pump};

struct World {
    tick: u64,
    players: Vec<String>,
}

struct Game;

#[expose(world = World)]
impl Game {
    /// Lets a player in, and tells when that was.
    pub fn join(&mut self, cx: &mut Context<'_, World>, name: String) -> u64 {
        cx.world.players.push(name);
        cx.world.tick
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (socket, theirs) = UnixStream::pair()?;
    socket.set_nonblocking(true)?;
    let game = blocking::Connector::default().adopt("game", theirs)?;
    let player = std::thread::spawn(move || play(game));

    let mut world = World { tick: 0, players: vec![] };
    let mut daemon = Daemon::new(Instant::now(), Config::default());
    daemon.register("game", Game)?;
    let id = daemon.open(Instant::now(), Peer::default(), None)?;
    while let Some(session) = daemon.session(id) {
        world.tick += 1;
        let now = Instant::now();
        pump(session, &socket, now)?;
        daemon.handle_timeout(now);
        daemon.dispatch(now, &mut world, Budget::calls(8));
        if let Some(session) = daemon.session(id) {
            pump(session, &socket, now)?;
        }
        std::thread::sleep(Duration::from_millis(5)); // the rest of the frame
    }
    println!("over after {} ticks, with {:?}", world.tick, world.players);
    Ok(player.join().expect("the player does not panic")?)
}

fn play(game: blocking::Proxy) -> Result<(), CallFailure> {
    for name in ["Ada", "Grace", "Edsger"] {
        println!("{name} joined in tick {}", game.call::<u64>("join", &(name,))?);
    }
    match game.call::<u64>("leave", &("Ada",)) {
        Err(CallFailure::Fault(fault)) => println!("nobody leaves: {}", fault.message()),
        other => println!("{other:?}"),
    }
    Ok(())
}

//! A game that serves its players between two frames: at most eight calls in each, no thread, no lock.
//!
//!     cargo run --example game_tick
//!     cargo run --example game_tick -- --serve [ADDRESS]
//!
//! The second one goes on until somebody calls `end`, from Python for instance:
//!
//!     python examples/python/player.py PYRO:game@127.0.0.1:7766

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use firesteel::{Budget, CallFailure, Config, Context, Fault, blocking::Proxy, expose, tick::Server};

const FRAME: Duration = Duration::from_millis(5);

/// What there is in the game.
#[derive(Default)]
pub struct World {
    frame: u64,
    players: BTreeMap<String, Player>,
    over: bool,
}

#[derive(Default)]
struct Player {
    at: (i64, i64),
    speed: (i64, i64),
}

impl World {
    fn advance(&mut self) {
        self.frame += 1;
        for player in self.players.values_mut() {
            player.at.0 = player.at.0.wrapping_add(player.speed.0);
            player.at.1 = player.at.1.wrapping_add(player.speed.1);
        }
    }
}

struct Game;

#[expose(world = World)]
impl Game {
    /// Lets a player in, and tells in which frame that was.
    pub fn join(&mut self, cx: &mut Context<'_, World>, name: String) -> u64 {
        cx.world.players.entry(name).or_default();
        cx.world.frame
    }

    /// How far a player goes in a frame.
    pub fn steer(&mut self, cx: &mut Context<'_, World>, name: String, x: i64, y: i64) -> Result<(), Fault> {
        let player = cx.world.players.get_mut(&name);
        player.ok_or_else(|| Fault::new("builtins.KeyError", name))?.speed = (x, y);
        Ok(())
    }

    /// Where everybody is: one moment of the world.
    pub fn look(&mut self, cx: &mut Context<'_, World>) -> BTreeMap<String, (i64, i64)> {
        cx.world.players.iter().map(|(name, player)| (name.clone(), player.at)).collect()
    }

    pub fn end(&mut self, cx: &mut Context<'_, World>) {
        cx.world.over = true;
    }
}

/// A server of the game.
pub fn open(address: &str) -> Result<Server<World>, Box<dyn std::error::Error>> {
    let mut server = Server::bind(Instant::now(), address, Config::default())?;
    server.daemon.register("game", Game)?;
    Ok(server)
}

/// Goes on until somebody ends it; gives how many frames there were.
pub fn play(server: &mut Server<World>) -> u64 {
    let mut world = World::default();
    while !server.is_over() {
        world.advance();
        server.tick(Instant::now(), &mut world, Budget::calls(8));
        if std::mem::take(&mut world.over) {
            server.shutdown(Instant::now(), Duration::from_secs(1));
        }
        std::thread::sleep(FRAME); // the rest of the frame
    }
    world.frame
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let mut server = open(arguments.get(1).map_or("127.0.0.1:0", String::as_str))?;
    let uri = server.uri("game").expect("it listens").to_string();
    println!("READY {uri}");
    let observer = arguments.is_empty().then(|| std::thread::spawn(move || observe(&uri)));
    println!("over after {} frames", play(&mut server));
    if let Some(observer) = observer {
        observer.join().expect("the observer does not panic")?;
    }
    Ok(())
}

fn observe(uri: &str) -> Result<(), CallFailure> {
    let game = Proxy::new(uri)?;
    for (name, x, y) in [("Ada", 1, 0), ("Grace", 0, -2)] {
        println!("{name} joined in frame {}", game.call::<u64>("join", &(name,))?);
        game.call::<()>("steer", &(name, x, y))?;
    }
    for _ in 0..3 {
        println!("they are at {:?}", game.call::<BTreeMap<String, (i64, i64)>>("look", &())?);
        std::thread::sleep(10 * FRAME);
    }
    match game.call::<()>("steer", &("Edsger", 1, 1)) {
        Err(CallFailure::Fault(fault)) => println!("nobody steers a stranger: {fault}"),
        other => println!("{other:?}"),
    }
    game.call("end", &())
}

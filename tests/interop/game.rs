//! `examples/game_tick`, played by Python.

use std::thread;

use firesteel_testkit::{Python, scripts};

use crate::support::TIMEOUT;

#[expect(dead_code)]
#[path = "../../examples/game_tick.rs"]
mod game_tick;

#[test]
fn python_plays_in_a_world_that_is_ticked() {
    let mut server = game_tick::open("127.0.0.1:0").expect("a free port");
    let uri = server.uri("game").expect("it listens").to_string();
    let player = thread::spawn(move || {
        let script = scripts().join("../../../examples/python/player.py");
        Python::script(&script.display().to_string()).arg(uri).run(TIMEOUT)
    });
    // The player's last call ends it.
    game_tick::play(&mut server);
    let output = player.join().expect("no panic");
    assert_eq!(output.stdout, "Ada has gone up\nnobody steers 'Edsger'\n", "{output:?}");
}

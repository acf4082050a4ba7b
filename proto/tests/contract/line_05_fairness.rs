//! 5. `dispatch` serves sessions round-robin, one call each.

use firesteel_proto::Budget;

use crate::common::*;

#[test]
fn a_chatty_client_cannot_eat_the_tick() {
    let (mut pair, mut world) = (pair(), World::default());
    let chatty = connected(&mut pair, &mut world);
    let polite = connected(&mut pair, &mut world);
    for n in 0..100 {
        log(&mut pair, chatty, &format!("chatty {n}"));
    }
    for n in 0..3 {
        log(&mut pair, polite, &format!("polite {n}"));
    }
    while pair.transfer() {}
    let dispatched = pair.daemon.dispatch(pair.now, &mut world, Budget::calls(6));
    assert_eq!((dispatched.calls, dispatched.more), (6, true));
    world.log.sort();
    assert_eq!(world.log, ["chatty 0", "chatty 1", "chatty 2", "polite 0", "polite 1", "polite 2"]);
}

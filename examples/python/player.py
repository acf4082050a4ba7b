"""Plays in examples/game_tick.rs: python player.py PYRO:game@127.0.0.1:7766"""

import sys
import time

import Pyro5.api

with Pyro5.api.Proxy(sys.argv[1]) as game:
    game.join("Ada")
    game.steer("Ada", 0, 2)
    time.sleep(0.1)
    x, y = game.look()["Ada"]
    print("Ada has gone", "up" if x == 0 and y > 0 else "astray")
    try:
        game.steer("Edsger", 1, 1)
    except KeyError as error:
        print("nobody steers", error)
    game.end()

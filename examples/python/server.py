"""Offers a counter with the real Pyro5 server, for clients in Rust or in Python.

    python server.py [PORT]
"""

import sys

from Pyro5.api import Daemon, expose


@expose
class Counter:
    def __init__(self):
        self._total = 0
        self._step = 1

    def add(self, by):
        """adds that many steps to the total and returns the new one"""
        if by < 0:
            raise ValueError("only upwards")
        self._total += by * self._step
        return self._total

    def total(self):
        return self._total

    @property
    def step(self):
        return self._step

    @step.setter
    def step(self, step):
        self._step = step


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with Daemon(host="localhost", port=port) as daemon:
        # flushed, as whoever started this program may wait for the line
        print("READY", daemon.register(Counter(), "counter"), flush=True)
        daemon.requestLoop()


main()

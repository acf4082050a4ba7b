"""Uses a counter with the real Pyro5 client, wherever it lives: in Rust or in Python.

    python client.py PYRO:counter@localhost:9999
"""

import sys

from Pyro5.api import Proxy


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: client.py URI")
    with Proxy(sys.argv[1]) as counter:
        before = counter.total()
        print("the total is", before)
        step = counter.step
        counter.step = 1
        print("add(2) gives", counter.add(2))
        print("add(by=1) gives", counter.add(by=1))
        print("the step was", step, "and is", counter.step)
        counter.step = step
        for wrong in "five", -1:
            try:
                counter.add(wrong)
            except (TypeError, ValueError) as error:
                print("a wrong argument:", type(error).__name__)
        assert counter.total() == before + 3
        print("the total is", counter.total())


main()

"""Uses a counter with the real Pyro4 client. The server is the same that Pyro5's clients use, on the same port.

    python client4.py PYRO:counter@localhost:9999
"""

import sys

from Pyro4 import Proxy


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: client4.py URI")
    with Proxy(sys.argv[1]) as counter:
        before = counter.total()
        print("the total is", before)
        step = counter.step
        counter.step = 1
        print("add(2) gives", counter.add(2))
        print("add(by=1) gives", counter.add(by=1))
        counter.step = step
        try:
            counter.add(-1)
        except ValueError as error:
            print("a wrong argument:", error)
        assert counter.total() == before + 3
        print("the total is", counter.total())


main()

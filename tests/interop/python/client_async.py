"""The real Pyro client against an object with async methods: see server_async.rs.

usage: client_async.py URI    (with \\0 for the zero byte of an abstract socket)

GENERATION in the environment chooses Pyro. Prints one line for each step, `ALL OK` at the end.
"""

import sys
import threading

from checking import equal, raises
from generation import BatchProxy, Proxy, config


def main():
    uri = sys.argv[1].replace("\\0", "\0")
    config.COMMTIMEOUT = 20.0
    chat = Proxy(uri)
    equal(chat.say("hello"), 1)
    equal(chat.say(text="hello", times=2), 3)
    print("calls", flush=True)
    error = raises(ValueError, "say something", chat.say, "")
    assert error._pyroTraceback, vars(error)
    raises(RuntimeError, "the method panicked: on purpose", chat.panic)
    equal(chat.say("again"), 4)
    print("exceptions", flush=True)
    equal(chat.volume, 5)
    chat.volume = 11
    equal(chat.volume, 11)
    print("attribute", flush=True)
    answers = []

    def wait():
        with Proxy(uri) as other:
            answers.append(other.wait_for("door"))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    while chat.waiting() < 3:
        pass
    equal(answers, [])
    print("waiting", flush=True)
    # Nobody waits for it: it opens the door when it is rung.
    equal(chat.open_at_the_bell("door"), None)
    equal(chat.ring(), None)
    for thread in threads:
        thread.join(20)
    equal(answers, ["through door"] * 3)
    print("oneway", flush=True)
    batch = BatchProxy(chat)
    batch.say("one")
    batch.wait_for("door")
    batch.say("two")
    equal(list(batch()), [5, "through door", 6])
    print("batch", flush=True)
    equal(list(chat.lines()), ["hello"] * 3 + ["again", "one", "two"])
    print("stream", flush=True)
    print("ALL OK", flush=True)


main()

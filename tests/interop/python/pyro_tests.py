"""The objects of Pyro's own tests (Pyro5's tests/test_server.py and tests/support.py), served by the real thing.

usage: GENERATION=4|5 pyro_tests.py

Prints `READY URI` of `something`, and runs until it is killed.
"""

import time

from generation import Daemon, behavior, config, current_context, expose, oneway


@expose
class ServerTestObject:
    something = 99
    dict_attr = {}

    def __init__(self):
        self._value = 12345
        self._items = list("qwerty")

    def multiply(self, x, y):
        if isinstance(x, str) and isinstance(y, str):
            raise TypeError("can't multiply")
        return x * y

    def divide(self, x, y):
        return x // y

    def ping(self):
        pass

    def echo(self, obj):
        return obj

    def testargs(self, x, *args, **kwargs):
        return [x, list(args), kwargs]

    def blob(self, blob):
        return blob.info, blob.deserialized()

    @oneway
    def oneway_delay(self, delay):
        time.sleep(delay)

    def delay(self, delay):
        time.sleep(delay)
        return "slept %s seconds" % delay

    @oneway
    def oneway_multiply(self, x, y):
        return x * y

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, newvalue):
        self._value = newvalue

    @property
    def dictionary(self):
        return {"number": 42}

    def generator(self):
        yield from ["one", "two", "three", "four", "five"]

    def response_annotation(self):
        if bytes(current_context.annotations.get("XYZZ", b"")) != b"data from proxy via new api":
            raise ValueError("XYZZ annotation has wrong data")
        current_context.response_annotations["ANN2"] = b"daemon annotation via new api"

    def new_test_object(self):
        made = ServerTestObject()
        self._pyroDaemon.register(made)
        return made

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __getitem__(self, item):
        return self._items[item]


class NotEverythingExposed:
    @expose
    def getName(self):
        return "hello"

    def unexposed(self):
        return "you should not see this"


class Resource:
    def __init__(self, name, resources):
        self.name, self.resources = name, resources

    def close(self):
        self.resources.discard(self)


@expose
@behavior(instance_mode="single")
class ResourceService:
    resources = set()

    def allocate(self, name):
        resource = Resource(name, self.resources)
        self.resources.add(resource)
        current_context.track_resource(resource)

    def list(self):
        return sorted(r.name for r in self.resources)


def main():
    config.SERVERTYPE = "thread"
    config.POLLTIMEOUT = 0.1
    with Daemon(host="127.0.0.1", port=0) as daemon:
        uri = daemon.register(ServerTestObject(), "something")
        daemon.register(NotEverythingExposed(), "unexposed")
        daemon.register(ResourceService(), "resources")
        print("READY", uri, flush=True)
        daemon.requestLoop()


if __name__ == "__main__":
    main()

"""The object that server.py offers: whatever a client has to cope with."""

import os
import time

from generation import URI, behavior, current_context, errors, expose, oneway
from generation import register_class_to_dict, register_dict_to_class


class CustomError(Exception):
    """An exception that no client knows."""

    def __init__(self, *args, **attributes):
        super().__init__(*args)
        self.__dict__.update(attributes)


class Point:
    """Travels as a dictionary of its members, the default."""

    def __init__(self, x, y):
        self.x, self.y = x, y


class Temperature:
    """Travels by its own converters, in both directions."""

    def __init__(self, degrees):
        self.degrees = degrees


register_class_to_dict(Temperature, lambda t: {"__class__": "weather.Temperature", "celsius": t.degrees})
register_dict_to_class("weather.Temperature", lambda name, data: Temperature(data["celsius"]))
register_dict_to_class("thing.Point", lambda name, data: Point(data["x"], data["y"]))


class Attack:
    """Its pickle runs a command where it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


# serpent cannot write it
OPAQUE = {None: 1}


@expose
class Thing:
    def __init__(self):
        self._level = 1
        self._notes = []
        self._hidden = "not exposed"
        self.stopping = False

    # values

    def echo(self, value):
        return value

    def describe(self, value):
        """What Python made of the value: the name of its type, and its repr."""
        return [type(value).__name__, repr(value)]

    def add(self, a, b=10, *, c=100):
        return a + b + c

    def collect(self, *args, **kwargs):
        return [list(args), dict(sorted(kwargs.items()))]

    def nothing(self):
        pass

    def large(self, size):
        return "x" * size

    def values(self):
        """One of each kind of value, by name."""
        return {
            "none": None, "true": True, "int": -5, "big": 2 ** 200, "float": 0.1, "nan": float("nan"),
            "infinity": float("-inf"), "complex": 1 + 2j, "text": "ä€😀'\"\\\n", "bytes": b"\x00\xff",
            "list": [1, [2]], "tuple": (1, (2,)), "dict": {"a": {1: 2.5}}, "set": {1}, "empty set": set(),
        }

    def uri(self):
        return URI("PYRO:some.object@localhost:4444")

    def itself(self):
        """A proxy for this object."""
        return self

    def custom(self):
        return [Point(1, 2), Temperature(21.5)]

    def exception_as_value(self):
        return CustomError("only a value", 5, code=7)

    def bytes(self):
        return b"\x00\xffabc"

    def set(self):
        return {3, 1, 2}

    def opaque(self):
        """Its result cannot be serialized."""
        return OPAQUE

    def degrees(self, temperature):
        """Takes a `weather.Temperature`."""
        return temperature.degrees

    def swap(self, point):
        """Takes and gives a `thing.Point`."""
        return Point(point.y, point.x)

    # attributes

    @property
    def name(self):
        return "the thing"

    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        if value < 0:
            raise ValueError("the level must not be negative")
        self._level = value

    @property
    def failing(self):
        raise RuntimeError("this attribute cannot be read")

    # oneway calls

    @oneway
    def note(self, text):
        self._notes.append(text)

    @oneway
    def note_slowly(self, text, seconds):
        time.sleep(seconds)
        self._notes.append(text)

    def notes(self):
        return self._notes

    def forget_notes(self):
        self._notes = []

    # exceptions

    def fail_builtin(self, name, *args):
        import builtins
        raise getattr(builtins, name)(*args)

    def fail_pyro(self, name, *args):
        raise getattr(errors, name)(*args)

    def fail_custom(self):
        raise CustomError("custom text", [1, 2], code=7, details={"k": (1, 2)})

    def fail_chained(self):
        try:
            {}["missing"]
        except KeyError as error:
            raise ValueError("outer") from error

    def fail_opaque(self):
        """The exception cannot be serialized; a PyroError takes its place."""
        raise ValueError("opaque", OPAQUE)

    def fail_deep(self, depth):
        """For long tracebacks."""
        if depth == 0:
            raise ZeroDivisionError("at the bottom")
        self.fail_deep(depth - 1)

    # pickles that run something

    def attack(self, command):
        return [1, Attack(command)]

    def fail_with_attack(self, command):
        raise ValueError(Attack(command))

    # the context of a call

    def context(self):
        client = current_context
        return {
            "correlation_id": str(client.correlation_id),
            # Pyro4 has the correlation id among them.
            "annotations": {name: bytes(data).decode() for name, data in client.annotations.items() if name != "CORR"},
            "seq": client.seq, "flags": client.msg_flags, "serializer": client.serializer_id,
        }

    def annotate(self, name, text):
        """Answers with one more annotation."""
        current_context.response_annotations = {name: text.encode()}

    # time

    def slow(self, seconds, value=None):
        time.sleep(seconds)
        return value

    def stream(self, count):
        return ("item %d" % n for n in range(count))

    def failing_stream(self, count):
        yield from range(count)
        raise ValueError("the stream broke")

    def quit(self):
        """Ends the server."""
        self.stopping = True


@expose
class Counter:
    def __init__(self):
        self._count = 0

    def next(self):
        self._count += 1
        return self._count


@behavior(instance_mode="session")
class SessionCounter(Counter):
    """One for each connection."""


@behavior(instance_mode="percall")
class CallCounter(Counter):
    """One for each call."""


@behavior(instance_mode="single")
class SharedCounter(Counter):
    """One for all."""

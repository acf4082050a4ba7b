"""Answers questions about values in the formats of Pyro.

A question and its answer are a length (4 bytes, big endian) and that many bytes. The first byte of a question is the
command, then come the name of a format, a blank and the content. Values travel in a notation of their own, tokens with
blanks between them, so that no code under test takes part in the comparison.
"""

import datetime
import decimal
import io
import json
import marshal
import pickle
import random
import resource
import struct
import sys
import uuid

import msgpack
import serpent
from Pyro5 import serializers

# Some formats believe any length that a mutated input claims.
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))


# ---- the notation

def describe(value):
    """A value in tokens; elements of sets are sorted."""
    kind = type(value)
    if value is None:
        return "N"
    if value is Ellipsis:
        return "E"
    if kind is bool:
        return "T" if value else "F"
    if kind is int:
        return "i:" + hex(value)
    if kind is float:
        return "f:" + bits(value)
    if kind is complex:
        return "c:" + bits(value.real) + bits(value.imag)
    if kind is str:
        return "s:" + value.encode("utf-8").hex()
    if kind is bytes:
        return "b:" + value.hex()
    if kind is bytearray:
        return "a:" + value.hex()
    if kind is list:
        return " ".join([f"l:{len(value)}", *map(describe, value)])
    if kind is tuple:
        return " ".join([f"t:{len(value)}", *map(describe, value)])
    if kind is set:
        return " ".join([f"S:{len(value)}", *sorted(map(describe, value))])
    if kind is frozenset:
        return " ".join([f"Z:{len(value)}", *sorted(map(describe, value))])
    if kind is dict:
        special = describe_special(value)
        if special:
            return special
        return " ".join([f"d:{len(value)}"] + [describe(x) for pair in class_first(value) for x in pair])
    if kind is datetime.datetime:
        return "dt:" + value.isoformat() + fold(value)
    if kind is datetime.date:
        return "da:" + value.isoformat()
    if kind is datetime.time:
        return "tm:" + value.isoformat() + fold(value)
    if kind is datetime.timedelta:
        return f"td:{value.days},{value.seconds},{value.microseconds}"
    if kind is decimal.Decimal:
        return f"de:{value}"
    if kind is uuid.UUID:
        return "uu:" + value.bytes.hex()
    raise TypeError(f"no description for {kind}")


def fold(value):
    return "[fold=1]" if value.fold else ""


def describe_special(value):
    """The dicts that are read as numbers."""
    if value.get("__class__") == "float" and value.get("value") == "nan":
        return "f:nan"
    if value.get("__class__") == "complex":
        parts = [number(value.get("real")), number(value.get("imag"))]
        if None not in parts:
            return "c:" + bits(parts[0]) + bits(parts[1])
    return None


def number(value):
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return None
    if type(value) is float:
        return value
    if type(value) is dict and describe_special(value) == "f:nan":
        return float("nan")
    return None


def class_first(value):
    """An instance is described with its class first."""
    items = list(value.items())
    if type(value.get("__class__")) is str:
        items.sort(key=lambda item: item[0] != "__class__")
    return items


def bits(value):
    return "nan" if value != value else struct.pack(">d", value).hex()


def build(tokens):
    """The value that tokens describe."""
    kind, _, content = next(tokens).partition(":")
    if kind in ("N", "E", "T", "F"):
        return {"N": None, "E": Ellipsis, "T": True, "F": False}[kind]
    if kind == "c":
        middle = 3 if content.startswith("nan") else 16
        return complex(float_of(content[:middle]), float_of(content[middle:]))
    if kind in SCALARS:
        return SCALARS[kind](content)
    count = int(content)
    if kind == "d":
        return {key: build(tokens) for key in iter_count(tokens, count)}
    items = [build(tokens) for _ in range(count)]
    return {"l": list, "t": tuple, "S": set, "Z": frozenset}[kind](items)


def iter_count(tokens, count):
    for _ in range(count):
        yield build(tokens)


def float_of(content):
    return float("nan") if content == "nan" else struct.unpack(">d", bytes.fromhex(content))[0]


def folded(read):
    def read_folded(content):
        text, _, mark = content.partition("[")
        return read(text).replace(fold=1) if mark else read(text)
    return read_folded


SCALARS = {
    "i": lambda content: int(content, 16),
    "f": float_of,
    "s": lambda content: bytes.fromhex(content).decode("utf-8"),
    "b": bytes.fromhex,
    "a": bytearray.fromhex,
    "dt": folded(datetime.datetime.fromisoformat),
    "da": datetime.date.fromisoformat,
    "tm": folded(datetime.time.fromisoformat),
    "td": lambda content: datetime.timedelta(*map(int, content.split(","))),
    "de": decimal.Decimal,
    "uu": lambda content: uuid.UUID(bytes=bytes.fromhex(content)),
}


def from_question(content):
    return build(iter(content.decode().split(" ")))


# ---- the formats, as Pyro's serializers use them

class DataUnpickler(pickle.Unpickler):
    """Loads nothing but data: mutated input must not run code."""

    ALLOWED = {
        ("_codecs", "encode"), ("collections", "OrderedDict"), ("copyreg", "_reconstructor"),
        ("copy_reg", "_reconstructor"), ("array", "array"), ("array", "_array_reconstructor"), ("collections", "deque"),
        ("datetime", "date"), ("datetime", "datetime"), ("datetime", "time"), ("datetime", "timedelta"),
        ("datetime", "timezone"), ("decimal", "Decimal"), ("uuid", "UUID"), ("uuid", "SafeUUID"),
        *((module, name) for module in ("builtins", "__builtin__")
          for name in ("Ellipsis", "bytearray", "bytes", "complex", "frozenset", "object", "set", "list", "dict", "tuple", "int", "float")),
    }

    def find_class(self, module, name):
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return super().find_class(module, name)


def loads(name, data):
    """What the format reads; class dicts stay dicts."""
    if name.startswith("serpent"):
        return serpent.loads(data)
    if name == "json":
        return json.loads(data.decode("utf-8"))
    if name.startswith("marshal"):
        return marshal.loads(data)
    if name == "msgpack":
        return msgpack.unpackb(data, raw=False, ext_hook=serializers.serializers["msgpack"].ext_hook)
    if name.startswith("pickle"):
        return DataUnpickler(io.BytesIO(data)).load()
    raise ValueError(name)


def dumps(name, value):
    if name.startswith("serpent"):
        return serpent.dumps(value, module_in_classname=True, bytes_repr=name == "serpent_bytes_repr")
    if name == "json":
        return serializers.serializers["json"].dumps(value)
    if name.startswith("marshal"):
        return marshal.dumps(serializers.serializers["marshal"].convert_obj_into_marshallable(value), int(name[7:]))
    if name == "msgpack":
        return serializers.serializers["msgpack"].dumps(value)
    if name.startswith("pickle"):
        return pickle.dumps(value, int(name[6:]))
    raise ValueError(name)


# ---- random values

CHARACTERS = "abz019 '\"\\\n\r\t\0\x1b\x7f\x80\xa0\xad\u00e4\u0378\u20ac\u2028\ufeff\U0001f600\U000e0001\U0010ffff"


def random_float(rng):
    choice = rng.randrange(8)
    if choice == 0:
        return rng.choice([0.0, -0.0, float("inf"), -float("inf"), float("nan"), 5e-324, 1e16, 1e-5, 1e22, 9999999999999998.0])
    if choice < 3:
        return struct.unpack(">d", rng.randbytes(8))[0]
    if choice < 5:
        return round(rng.uniform(-1000, 1000), rng.randrange(8))
    return rng.uniform(-1, 1) * 10 ** rng.randrange(-20, 20)


def random_text(rng):
    return "".join(rng.choices(CHARACTERS, k=rng.randrange(12)))


def random_special(rng):
    """What only pickle carries as such."""
    micros = rng.choice([0, rng.randrange(1000000)])
    zone = rng.choice([None, datetime.timezone.utc, datetime.timezone(datetime.timedelta(minutes=rng.randrange(-1000, 1000)))])
    clock = dict(hour=rng.randrange(24), minute=rng.randrange(60), second=rng.randrange(60), microsecond=micros,
                 tzinfo=zone, fold=rng.randrange(2))
    day = dict(year=rng.randrange(1, 10000), month=rng.randrange(1, 13), day=rng.randrange(1, 29))
    return rng.choice([
        datetime.datetime(**day, **clock),
        datetime.date(**day),
        datetime.time(**clock),
        datetime.timedelta(rng.randrange(-1000, 1000), rng.randrange(86400), micros),
        decimal.Decimal(rng.randrange(-(10 ** 20), 10 ** 20)).scaleb(rng.randrange(-30, 30)),
        uuid.UUID(bytes=rng.randbytes(16)),
    ])


def random_value(rng, depth, name, key=False):
    plain = name in ("json", "msgpack")
    if key and plain:
        return random_text(rng)
    choice = rng.randrange(7 if depth <= 0 else 12)
    if choice == 0 and not key:
        return rng.choice([None, True, False, {}, []] + ([] if plain else [set(), ()]))
    if choice <= 1:
        if name.startswith("pickle") and rng.random() < 0.3:
            return random_special(rng)
        return rng.randrange(-100, 100) if rng.random() < 0.6 else rng.randrange(-(10 ** 30), 10 ** 30)
    if choice == 2:
        number = random_float(rng)
        return 0.5 if key and number != number else number
    if choice == 3 and not key and name != "json":
        # Adding zero makes negative zeros positive: the sign is written, but Python itself does not read it.
        return complex(random_float(rng) + 0.0, random_float(rng) + 0.0)
    if choice == 4 and not key and name != "json":
        return rng.choice([bytes, bytes if name == "msgpack" else bytearray])(rng.randbytes(rng.randrange(20)))
    if choice <= 6 or key and choice != 7:
        return random_text(rng)
    size = rng.choice([0, 1, 2, 3, 30]) if depth < 2 else rng.randrange(5)
    if choice == 7 and not plain:
        return tuple(random_value(rng, depth - 1, name, key) for _ in range(size))
    if choice <= 9 or choice == 10 and plain:
        return [random_value(rng, depth - 1, name) for _ in range(size)]
    if choice == 10:
        return rng.choice([set, frozenset])(random_value(rng, depth - 1, name, True) for _ in range(size))
    value = {random_value(rng, depth - 1, name, True): random_value(rng, depth - 1, name) for _ in range(size)}
    if rng.random() < 0.2:
        value["__class__"] = "some.Class"
    return value


# ---- the commands

def refusal(error):
    return f"error {type(error).__name__}: {error}".encode("ascii", "replace")


def load(name, content):
    """What is read, or why it is refused."""
    try:
        value = loads(name, content)
    except Exception as error:
        return refusal(error)
    try:
        return describe(value).encode()
    except UnicodeEncodeError:
        return b"error surrogate"
    except Exception as error:
        return refusal(error)


def dump(name, content):
    value = from_question(content)
    try:
        return b"+" + dumps(name, value)
    except Exception as error:
        return refusal(error)


def generate(name, content):
    rng = random.Random(int(content))
    return b"+" + dumps(name, random_value(rng, 4, name))


def as_repr(_, content):
    return repr(from_question(content)).encode()


def count_keys(_, content):
    return str(len(dict.fromkeys(from_question(content)))).encode()


COMMANDS = {b"L": load, b"D": dump, b"G": generate, b"R": as_repr, b"K": count_keys}


def main():
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(4)) == 4:
        question = questions.read(struct.unpack(">I", head)[0])
        name, _, content = question[1:].partition(b" ")
        answer = COMMANDS[question[:1]](name.decode(), content)
        answers.write(struct.pack(">I", len(answer)) + answer)
        answers.flush()


main()

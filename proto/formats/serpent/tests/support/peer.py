"""Answers questions about Python literals and serpent.

A question and its answer are a length (4 bytes, big endian) and that many bytes. The first byte of a question is the
command. Values travel in a notation of their own, tokens with blanks between them, so that no code under test takes
part in the comparison.
"""

import random
import struct
import sys

import serpent


def describe(value, sets=True):
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
    if kind is list:
        return " ".join([f"l:{len(value)}", *map(describe, value)])
    if kind is tuple:
        return " ".join([f"t:{len(value)}", *map(describe, value)])
    if kind is set:
        return " ".join([f"S:{len(value)}", *sorted(map(describe, value))])
    if kind is dict:
        special = describe_special(value)
        if special:
            return special
        return " ".join([f"d:{len(value)}"] + [describe(x) for pair in class_first(value) for x in pair])
    raise TypeError(kind)


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
    if kind in "NETF":
        return {"N": None, "E": Ellipsis, "T": True, "F": False}[kind]
    if kind == "i":
        return int(content, 16)
    if kind == "f":
        return float_of(content)
    if kind == "c":
        middle = 3 if content.startswith("nan") else 16
        return complex(float_of(content[:middle]), float_of(content[middle:]))
    if kind == "s":
        return bytes.fromhex(content).decode("utf-8")
    if kind == "b":
        return bytes.fromhex(content)
    if kind == "a":
        return bytearray.fromhex(content)
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


def load(text):
    """What serpent reads, or why it does not."""
    try:
        value = serpent.loads(text)
    except (ValueError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        return f"error {type(error).__name__}: {error}".encode("utf-8", "replace")
    try:
        return describe(value).encode()
    except UnicodeEncodeError:
        return b"error surrogate"


def dump(question):
    value = build(iter(question[1:].decode().split(" ")))
    return serpent.dumps(value, module_in_classname=True, bytes_repr=question[:1] == b"1")


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


def random_value(rng, depth, key=False):
    choice = rng.randrange(7 if depth <= 0 else 12)
    if choice == 0 and not key:
        return rng.choice([None, True, False, set(), {}, [], ()])
    if choice <= 1:
        return rng.randrange(-100, 100) if rng.random() < 0.6 else rng.randrange(-(10 ** 30), 10 ** 30)
    if choice == 2:
        number = random_float(rng)
        return 0.5 if key and number != number else number
    if choice == 3 and not key:
        # Adding zero makes negative zeros positive: the sign is written, but Python itself does not read it.
        return complex(random_float(rng) + 0.0, random_float(rng) + 0.0)
    if choice == 4 and not key:
        return rng.choice([bytes, bytearray])(rng.randbytes(rng.randrange(20)))
    if choice <= 6 or key and choice != 7:
        return "".join(rng.choices(CHARACTERS, k=rng.randrange(12)))
    size = rng.choice([0, 1, 2, 3, 30]) if depth < 2 else rng.randrange(5)
    if choice == 7:
        return tuple(random_value(rng, depth - 1, key) for _ in range(size))
    if choice <= 9:
        return [random_value(rng, depth - 1) for _ in range(size)]
    if choice == 10:
        return rng.choice([set, frozenset])(random_value(rng, depth - 1, True) for _ in range(size))
    value = {random_value(rng, depth - 1, True): random_value(rng, depth - 1) for _ in range(size)}
    if rng.random() < 0.2:
        value["__class__"] = "some.Class"
    return value


def generate(question):
    rng = random.Random(int(question[1:]))
    return serpent.dumps(random_value(rng, 4), module_in_classname=True, bytes_repr=question[:1] == b"1")


def as_repr(question):
    return repr(build(iter(question.decode().split(" ")))).encode()


COMMANDS = {b"L": load, b"D": dump, b"G": generate, b"R": as_repr}


def main():
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := questions.read(4)) == 4:
        question = questions.read(struct.unpack(">I", head)[0])
        answer = COMMANDS[question[:1]](question[1:])
        answers.write(struct.pack(">I", len(answer)) + answer)
        answers.flush()


main()

"""Every value that serpent can carry, there and back."""

import array
import collections
import datetime
import decimal
import enum
import uuid

from Pyro5 import config
from Pyro5.client import Proxy
from Pyro5.core import URI
from Pyro5.errors import NamingError, SecurityError, SerializeError

from checking import check, equal, raises


def echoes(uri, values):
    with Proxy(uri) as proxy:
        for value in values:
            equal(proxy.echo(value), value)


def becomes(uri, pairs):
    with Proxy(uri) as proxy:
        for value, expected in pairs:
            equal(proxy.echo(value), expected)


@check
def none_and_booleans(uri):
    echoes(uri, [None, True, False])


@check
def integers(uri):
    values = [0, 1, -1, 255, 2 ** 31, -2 ** 31, 2 ** 63 - 1, 2 ** 63, -2 ** 63, -2 ** 63 - 1, 2 ** 64,
              2 ** 127, -2 ** 127, 2 ** 128, 10 ** 100, -10 ** 100, 7 ** 5000]
    echoes(uri, values)


@check
def floats(uri):
    values = [0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 1e15, 1e16, 1e17, 123456789012345678.0, 1e-4, 1e-5, 1e22, 1e23,
              1e300, -1e-300, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 2.0 ** 53]
    echoes(uri, values)


@check
def infinities_and_nan(uri):
    inf, nan = float("inf"), float("nan")
    echoes(uri, [inf, -inf, nan, [inf, nan, {"x": -inf}], (nan,)])


@check
def complex_numbers(uri):
    echoes(uri, [1 + 2j, -1.5 - 0.25j, 1j, complex(0, -3), complex(1e300, 1e-300), [2 + 3j]])


@check
def strings(uri):
    values = ["", "a", "it's", 'say "hi"', "both ' and \"", "back\\slash", "tab\tnewline\nreturn\r", "\x00\x01\x7f",
              "ä€😀", "\u0301combining", "\u200b\u2028\ufeff", "\x80\x9f\xa0", "日本語", "\U0010ffff", "\ue000",
              "{'not': 'a dict'}", "# serpent utf-8 python3.2\n", "x" * 10000]
    echoes(uri, values)


@check
def containers(uri):
    values = [[], [1], [1, 2.5, "x", None], (), (1,), (1, 2), {}, {"a": 1}, {1: "one", "two": 2, 3.5: None, True: False},
              {(1, 2): [3]}, {"b": 1, "a": 2}, {1}, {1, "x", 2.5, True}, {(1, 2), (3,)}, [[[[]]]], ((), ((),)),
              {"a": {"b": {"c": [1, (2, {3})]}}}, [{}, [{}], ()]]
    echoes(uri, values)


@check
def deep_nesting(uri):
    value = "core"
    for level in range(30):
        value = [(value, level), {"k": level}]
    echoes(uri, [value])
    value = []
    for _ in range(80):
        value = [value]
    echoes(uri, [value])


@check
def many_elements(uri):
    echoes(uri, [list(range(20000)), {str(n): n for n in range(5000)}, {n * 7 for n in range(3000)},
                 tuple("item %d" % n for n in range(5000))])


@check
def empty_set_arrives_as_tuple(uri):
    becomes(uri, [(set(), ()), ([set(), {"k": set()}], [(), {"k": ()}])])


@check
def bytes_arrive_as_base64(uri):
    expected = {"data": "AP9hYmM=", "encoding": "base64"}
    data = b"\x00\xffabc"
    becomes(uri, [(data, expected), (bytearray(data), expected), (memoryview(data), expected), ([data], [expected]),
                  (b"", {"data": "", "encoding": "base64"})])


@check
def bytes_literals_are_understood(uri):
    config.SERPENT_BYTES_REPR = True
    try:
        # The literal reaches the method as bytes; the answer depends on the setting of the server.
        becomes(uri, [(b"\x00\xffabc'\"\\\n", {"data": "AP9hYmMnIlwK", "encoding": "base64"}),
                      ({"x": b"y"}, {"x": {"data": "eQ==", "encoding": "base64"}})])
    finally:
        config.SERPENT_BYTES_REPR = False


class Colour(enum.Enum):
    RED = 7


@check
def types_that_become_others(uri):
    becomes(uri, [
        (frozenset({1, 2}), {1, 2}),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (decimal.Decimal("1.50"), "1.50"),
        (datetime.date(2020, 2, 29), "2020-02-29"),
        (datetime.datetime(2020, 2, 29, 1, 2, 3, 4), "2020-02-29T01:02:03.000004"),
        (array.array("i", [1, 2]), [1, 2]),
        (Colour.RED, 7),
    ])


@check
def uris_and_proxies(uri):
    with Proxy(uri) as proxy:
        for value in [URI("PYRO:obj@host:55"), URI("PYRO:obj@[::1]:55"), URI("PYRO:obj@./u:/tmp/sock"), URI("PYRONAME:name")]:
            equal(proxy.echo(value), value)
            equal(proxy.echo([{"k": value}]), [{"k": value}])
        other = Proxy("PYRO:other@localhost:1234")
        other._pyroHandshake = "secret"
        got = proxy.echo(other)
        equal(got, other)
        equal(got.__getstate__(), other.__getstate__())
        got = proxy.echo((proxy,))[0]
        equal(got._pyroUri, proxy._pyroUri)
        equal(got._pyroMethods, proxy._pyroMethods)
        equal(got._pyroOneway, proxy._pyroOneway)


@check
def exceptions_as_values(uri):
    with Proxy(uri) as proxy:
        error = ValueError("text", 5)
        error.extra = ["attribute"]
        got = proxy.echo(error)
        equal(type(got), ValueError)
        equal(got.args, ("text", 5))
        equal(vars(got), {"extra": ["attribute"]})
        got = proxy.echo([NamingError("n"), KeyError("k"), ZeroDivisionError()])
        equal([type(e) for e in got], [NamingError, KeyError, ZeroDivisionError])
        equal([e.args for e in got], [("n",), ("k",), ()])


@check
def unknown_classes_are_refused(uri):
    # A SerializeError ends the connection, on either side.
    with Proxy(uri) as proxy:
        raises(SerializeError, "unsupported serialized class: some.Thing", proxy.echo, {"__class__": "some.Thing", "x": 1})
        raises(SerializeError, "unsupported serialized class: some.Thing", proxy.echo, [[{"__class__": "some.Thing"}]])
        ordered = collections.OrderedDict([("b", 1), ("a", 2)])
        raises(SerializeError, "unsupported serialized class: collections.OrderedDict", proxy.echo, ordered)
        equal(proxy.echo(1), 1)


@check
def double_underscore_classes_are_refused(uri):
    text = "refused to deserialize types with double underscores in their name: a.__b"
    with Proxy(uri) as proxy:
        raises(SecurityError, text, proxy.echo, {"__class__": "a.__b"})
    with Proxy(uri) as proxy:
        equal(proxy.echo(1), 1)


@check
def large_values(uri):
    with Proxy(uri) as proxy:
        text = "0123456789abcdef" * (2 * 1024 * 1024 // 16)
        assert proxy.echo(text) == text
        text = "ä€😀'\"\\\n" * 100000
        assert proxy.echo(text) == text
        values = [{"number": n, "name": "item %d" % n, "half": n / 2} for n in range(20000)]
        assert proxy.echo(values) == values

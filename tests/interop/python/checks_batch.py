"""Batches."""

from Pyro5.client import BatchProxy, Proxy

import options
from checking import check, equal, raises
from rawwire import BATCH, COMPRESSED, CORR_ID, EXCEPTION, ONEWAY, RESULT, Raw


@check
def batch_of_calls(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        equal(batch.echo(1), None)
        batch.echo("two")
        batch.echo(message=[3])
        batch.inf()
        batch.__getattr__("__dunder__")()
        batch.oneway_echo("x")
        equal(list(batch()), [1, "two", [3], float("inf"), "should be allowed (dunder)", "bogus return value"])
        batch.echo("used again")
        equal(list(batch()), ["used again"])
        equal(list(BatchProxy(proxy)()), [])


@check
def exception_in_a_batch(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        batch.echo(1)
        batch.echo(2)
        batch.error_with_text()
        batch.echo(3)
        results = batch()
        equal([next(results), next(results)], [1, 2])
        error = raises(ValueError, "the message of the error", next, results)
        assert type(error._pyroTraceback) is list and error._pyroTraceback, vars(error)
        equal(list(results), [])
        batch.echo()
        raises(TypeError, None, next, batch())
        equal(proxy.echo("still here"), "still here")


@check
def batch_refused_as_a_whole(uri):
    with Proxy(uri) as proxy:
        for name, text in [("nosuch", "'EchoServer' object has no attribute 'nosuch'"),
                           ("_private", "attempt to access private attribute '_private'"),
                           ("verbose", "attempt to access unexposed attribute 'verbose'")]:
            raises(AttributeError, text, proxy._pyroInvokeBatch, [("echo", [1], {}), (name, [], {}), ("echo", [2], {})])
        # Attributes are no methods.
        for name in ["__getattr__", "__setattr__"]:
            raises(AttributeError, "attempt to access private attribute '%s'" % name,
                   proxy._pyroInvokeBatch, [(name, ["verbose"], {})])
        equal(proxy.echo("still here"), "still here")


@check
def oneway_batch(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        batch.echo(1)
        batch.error()
        equal(batch(oneway=True), None)
        batch.nosuch()
        equal(batch(oneway=True), None)
        equal(proxy.echo("still here"), "still here")


@check
def large_batch(uri):
    with Proxy(uri) as proxy:
        batch = BatchProxy(proxy)
        for n in range(1000):
            batch.echo(n)
        equal(list(batch()), list(range(1000)))


@check
def batch_on_the_wire(uri):
    with Raw(uri) as raw:
        raw.handshake()
        calls = [("echo", (1,), {}), ["error_with_text", [], {}], ("echo", (2,), {})]
        # kwargs may be None, and the method's name is not looked at.
        raw.send(raw.call("anything", calls, seq=9, flags=BATCH))
        answer = raw.receive()
        equal((answer.type, answer.seq, answer.flags & ~(CORR_ID | COMPRESSED)), (RESULT, 9, BATCH))
        value = answer.value()
        equal(len(value), 2)
        equal(value[0], 1)
        wrapper = value[1]
        equal(sorted(wrapper), ["__class__", "exception"])
        equal(wrapper["__class__"], "Pyro5.core._ExceptionWrapper")
        error = wrapper["exception"]
        trace = error["attributes"].pop("_pyroTraceback")
        assert type(trace) is list and all(type(line) is str for line in trace), trace
        equal(error, {"__class__": "builtins.ValueError", "__exception__": True,
                      "args": ("the message of the error",), "attributes": {}})
        raw.send(raw.call("<batch>", [("nosuch", (), {})], seq=10, flags=BATCH))
        answer = raw.receive()
        equal((answer.type, answer.seq, answer.flags & ~(CORR_ID | COMPRESSED)), (RESULT, 10, EXCEPTION))
        raw.send(raw.call("<batch>", calls, seq=11, flags=BATCH | ONEWAY) + raw.call("echo", [3], seq=12))
        equal(raw.receive().seq, 12)
        raw.send(raw.call("<batch>", [("echo", ["x" * 500], {})], seq=13, flags=BATCH))
        answer = raw.receive()
        equal((answer.flags & ~(CORR_ID | COMPRESSED), answer.value()), (BATCH, ["x" * 500]))
        equal(bool(answer.flags & COMPRESSED), options.compressing)

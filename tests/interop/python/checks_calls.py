"""Calls, attributes, and what is refused."""

import threading

from Pyro5.client import Proxy
from Pyro5.errors import get_pyro_traceback

from checking import check, equal, raises
from rawwire import EXCEPTION, ONEWAY, RESULT, Raw

METHODS = {"echo", "error", "error_with_text", "generator", "inf", "nan", "oneway_echo", "oneway_slow", "shutdown", "slow",
           "__dunder__"}
ONEWAYS = {"oneway_echo", "oneway_slow"}


def invoke(proxy, method, args=(), kwargs=None, **more):
    return proxy._pyroInvoke(method, args, {} if kwargs is None else kwargs, **more)


@check
def metadata_of_the_handshake(uri):
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        equal(proxy._pyroMethods, METHODS)
        equal(proxy._pyroOneway, ONEWAYS)
        equal(proxy._pyroAttrs, {"verbose"})


@check
def plain_methods(uri):
    with Proxy(uri) as proxy:
        equal(proxy.nan(), float("nan"))
        equal(proxy.inf(), float("inf"))
        equal(proxy.__dunder__(), "should be allowed (dunder)")


@check
def keyword_arguments(uri):
    with Proxy(uri) as proxy:
        equal(proxy.echo(message=[1, {"x": None}]), [1, {"x": None}])
        equal(invoke(proxy, "echo", [], {"message": "list of arguments"}), "list of arguments")
        equal(invoke(proxy, "echo", ["no kwargs", ], {}), "no kwargs")


@check
def wrong_arguments(uri):
    with Proxy(uri) as proxy:
        raises(TypeError, None, proxy.echo)
        raises(TypeError, None, proxy.echo, 1, 2)
        raises(TypeError, None, proxy.echo, 1, 2, 3)
        raises(TypeError, None, proxy.echo, other=1)
        raises(TypeError, None, proxy.echo, 1, other=1)
        raises(TypeError, None, proxy.echo, 1, message=1)
        raises(TypeError, None, proxy.nan, 1)
        raises(TypeError, None, proxy.nan, x=1)
        raises(TypeError, None, proxy.error, 1)
        equal(proxy.echo("still here"), "still here")


@check
def texts_of_wrong_arguments(uri):
    with Proxy(uri) as proxy:
        raises(TypeError, "EchoServer.echo() missing 1 required positional argument: 'message'", proxy.echo)
        raises(TypeError, "EchoServer.echo() takes 2 positional arguments but 3 were given", proxy.echo, 1, 2)
        raises(TypeError, "EchoServer.echo() got an unexpected keyword argument 'other'", proxy.echo, 1, other=2)
        raises(TypeError, "EchoServer.echo() got multiple values for argument 'message'", proxy.echo, 1, message=2)
        raises(TypeError, "EchoServer.nan() takes 1 positional argument but 2 were given", proxy.nan, 1)
        raises(TypeError, "EchoServer.nan() got an unexpected keyword argument 'x'", proxy.nan, x=1)


@check
def exceptions(uri):
    with Proxy(uri) as proxy:
        for method, text in [(proxy.error, "this is the generated error from echoserver echo() method"),
                             (proxy.error_with_text, "the message of the error")]:
            error = raises(ValueError, text, method)
            equal(error.args, (text,))
            equal(list(vars(error)), ["_pyroTraceback"])
            trace = error._pyroTraceback
            assert type(trace) is list and trace and all(type(line) is str for line in trace), trace
            assert text in "".join(trace), trace
            assert "Remote traceback" in "".join(get_pyro_traceback(type(error), error, error.__traceback__))
            equal(proxy.echo("still here"), "still here")


@check
def exceptions_on_the_wire(uri):
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(raw.call("error_with_text", seq=7))
        answer = raw.receive()
        equal((answer.type, answer.seq, answer.flags & EXCEPTION), (RESULT, 7, EXCEPTION))
        value = answer.value()
        trace = value["attributes"].pop("_pyroTraceback")
        assert type(trace) is list and all(type(line) is str for line in trace), trace
        equal(value, {"__class__": "builtins.ValueError", "__exception__": True,
                      "args": ("the message of the error",), "attributes": {}})


@check
def private_members(uri):
    names = ["_private", "_EchoServer__private", "__private", "_verbose", "_x", "_", "__", "____", "_a__",
             "__init__", "__class__", "__repr__", "__new__", "__getattribute__", "__reduce__", "__call__", "__hash__"]
    with Proxy(uri) as proxy:
        for name in names:
            raises(AttributeError, "attempt to access private attribute '%s'" % name, invoke, proxy, name)
        equal(proxy.echo("still here"), "still here")


@check
def unknown_members(uri):
    with Proxy(uri) as proxy:
        for name in ["nosuch", "echo.echo", "a.b", "Echo", "", "échö", "__nosuch__"]:
            raises(AttributeError, "'EchoServer' object has no attribute '%s'" % name, invoke, proxy, name)
        raises(AttributeError, "'EchoServer' object has no attribute 'echo.nested'", lambda: proxy.echo.nested())
        raises(AttributeError, "attempt to access unexposed attribute 'verbose'", invoke, proxy, "verbose")
        equal(proxy.echo("still here"), "still here")


@check
def attributes(uri):
    with Proxy(uri) as proxy:
        equal(proxy.verbose, False)
        proxy.verbose = True
        try:
            equal(proxy.verbose, True)
        finally:
            proxy.verbose = False
        proxy.verbose = 0
        equal(proxy.verbose, False)
        with Proxy(uri) as other:
            equal(other.verbose, False)


@check
def attributes_refused(uri):
    get, set_ = "__getattr__", "__setattr__"
    with Proxy(uri) as proxy:
        for name in ["echo", "_private", "_verbose", "error", "__dunder__"]:
            text = "attempt to access unexposed or unknown remote attribute '%s'" % name
            raises(AttributeError, text, proxy._pyroInvoke, get, (name,), None)
            raises(AttributeError, text, proxy._pyroInvoke, set_, (name, 1), None)
        for name in ["nosuch", "_nosuch", "verbose.x", "__private"]:
            text = "type object 'EchoServer' has no attribute '%s'" % name
            raises(AttributeError, text, proxy._pyroInvoke, get, (name,), None)
            raises(AttributeError, text, proxy._pyroInvoke, set_, (name, 1), None)
        raises(IndexError, None, proxy._pyroInvoke, get, (), None)
        raises(IndexError, None, proxy._pyroInvoke, set_, ("verbose",), None)
        equal(proxy.verbose, False)


@check
def oneway_calls(uri):
    with Proxy(uri) as proxy:
        equal(proxy.oneway_echo("x"), None)
        equal(proxy.oneway_echo(), None)
        equal(proxy.oneway_echo(1, 2, nonsense=3), None)
        equal(proxy.echo("next"), "next")
        equal(invoke(proxy, "error", flags=ONEWAY), None)
        equal(invoke(proxy, "nosuch", flags=ONEWAY), None)
        equal(invoke(proxy, "_private", flags=ONEWAY), None)
        equal(invoke(proxy, "echo", ("x",), flags=ONEWAY, objectId="no.such.object"), None)
        equal(invoke(proxy, "__getattr__", ("verbose",), flags=ONEWAY), None)
        equal(invoke(proxy, "__setattr__", ("verbose", False), flags=ONEWAY), None)
        equal(proxy.echo("after"), "after")


@check
def oneway_method_called_normally(uri):
    # It is the caller who says that a call is oneway.
    with Raw(uri) as raw:
        raw.handshake()
        raw.send(raw.call("oneway_echo", ["x"], seq=1, flags=ONEWAY) + raw.call("oneway_echo", ["x"], seq=2))
        answer = raw.receive()
        equal((answer.seq, answer.value()), (2, "bogus return value"))


@check
def sequence_numbers(uri):
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        for start in [65533, 5, 5, 40000, 0xFFFF]:
            proxy._pyroSeq = start
            for n in range(5):
                equal(proxy.echo(n), n)


@check
def many_calls(uri):
    with Proxy(uri) as proxy:
        for n in range(1000):
            equal(proxy.echo(n), n)


@check
def many_connections(uri):
    for n in range(50):
        with Proxy(uri) as proxy:
            equal(proxy.echo(n), n)


@check
def proxies_in_threads(uri):
    failures = []

    def work(number):
        try:
            with Proxy(uri) as proxy:
                for n in range(100):
                    equal(proxy.echo((number, n)), (number, n))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    equal(failures, [])


@check
def reconnecting(uri):
    with Proxy(uri) as proxy:
        equal(proxy.echo(1), 1)
        proxy._pyroRelease()
        equal(proxy.echo(2), 2)
        proxy._pyroReconnect(tries=1)
        equal(proxy.echo(3), 3)

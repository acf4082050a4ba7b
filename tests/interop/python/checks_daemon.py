"""The object Pyro.Daemon, and objects that are not there."""

import re

from Pyro5.client import Proxy
from Pyro5.core import URI
from Pyro5.errors import CommunicationError, DaemonError

from checking import check, equal, raises
from checks_calls import METHODS, ONEWAYS, invoke
from rawwire import CONNECTOK, Raw, SERPENT

DAEMON = "Pyro.Daemon"
DAEMON_METHODS = {"registered", "ping", "info", "get_metadata"}
DAEMON_STREAM_METHODS = {"get_next_stream_item", "close_stream"}


def at(uri, object_id):
    """The URI of another object in the same daemon."""
    return "PYRO:%s@%s" % (object_id, URI(uri).location)


@check
def handshake_on_the_wire(uri):
    with Raw(uri) as raw:
        answer = raw.handshake(seq=77)
        equal((answer.type, answer.seq, answer.serializer, answer.reserved), (CONNECTOK, 77, SERPENT, 0))
        value = answer.value()
        equal(sorted(value), ["handshake", "meta"])
        equal(value["handshake"], "hello")
        equal(sorted(value["meta"]), ["attrs", "methods", "oneway"])
        equal(value["meta"]["methods"], METHODS)
        equal(value["meta"]["oneway"], ONEWAYS)
        equal(value["meta"]["attrs"], {"verbose"})


@check
def any_handshake_data(uri):
    seen = []

    class Curious(Proxy):
        def _pyroValidateHandshake(self, response):
            seen.append(response)

    for data in ["hello", None, {"user": "x", "data": [1, 2]}, 5]:
        with Curious(uri) as proxy:
            proxy._pyroHandshake = data
            equal(proxy.echo(1), 1)
    equal(seen, ["hello"] * 4)


@check
def get_metadata(uri):
    with Proxy(uri) as proxy:
        meta = invoke(proxy, "get_metadata", ["test.echoserver"], objectId=DAEMON)
        equal(sorted(meta), ["attrs", "methods", "oneway"])
        equal(meta["methods"], METHODS)
        equal(meta["oneway"], ONEWAYS)
        equal(meta["attrs"], {"verbose"})
        meta = invoke(proxy, "get_metadata", [DAEMON], objectId=DAEMON)
        equal(meta["methods"] - DAEMON_STREAM_METHODS, DAEMON_METHODS)
        equal(meta["oneway"], ())
        equal(meta["attrs"], ())
        equal(invoke(proxy, "get_metadata", [], {"objectId": DAEMON}, objectId=DAEMON)["attrs"], ())
        raises(DaemonError, "unknown object", invoke, proxy, "get_metadata", ["no.such.object"], objectId=DAEMON)
        raises(TypeError, None, invoke, proxy, "get_metadata", [], objectId=DAEMON)
        equal(proxy.echo("still here"), "still here")


@check
def daemon_object(uri):
    with Proxy(at(uri, DAEMON)) as daemon:
        equal(daemon.ping(), None)
        registered = daemon.registered()
        equal(type(registered), list)
        equal(sorted(registered), [DAEMON, "test.echoserver"])
        info = daemon.info()
        assert re.fullmatch(r"Pyro\.Daemon bound on .+, NAT .+, 2 objects registered\. Servertype: .+", info), info
        equal(daemon._pyroMethods - DAEMON_STREAM_METHODS, DAEMON_METHODS)
        equal(daemon._pyroOneway, set())
        equal(daemon._pyroAttrs, set())


@check
def daemon_object_refuses(uri):
    with Proxy(uri) as proxy:
        for name in ["_private", "__init__"]:
            text = "attempt to access private attribute '%s'" % name
            raises(AttributeError, text, invoke, proxy, name, objectId=DAEMON)
        raises(AttributeError, "'DaemonObject' object has no attribute 'nosuch'", invoke, proxy, "nosuch", objectId=DAEMON)
        raises(AttributeError, "type object 'DaemonObject' has no attribute 'nosuch'",
               proxy._pyroInvoke, "__getattr__", ("nosuch",), None, objectId=DAEMON)
        raises(AttributeError, "attempt to access unexposed or unknown remote attribute 'ping'",
               proxy._pyroInvoke, "__getattr__", ("ping",), None, objectId=DAEMON)


@check
def unknown_object_in_a_call(uri):
    with Proxy(uri) as proxy:
        raises(DaemonError, "unknown object", invoke, proxy, "echo", ["x"], objectId="no.such.object")
        raises(DaemonError, "unknown object", invoke, proxy, "_private", ["x"], objectId="no.such.object")
        raises(DaemonError, "unknown object", invoke, proxy, "__getattr__", ["x"], objectId="no.such.object")
        equal(proxy.echo("still here"), "still here")


@check
def unknown_object_at_connect(uri):
    where = URI(uri)
    location = where.sockname or (where.host, where.port)
    with Proxy(at(uri, "no.such.object")) as proxy:
        raises(CommunicationError, "connection to %s rejected: unknown object" % (location,), proxy._pyroBind)
        raises(CommunicationError, "connection to %s rejected: unknown object" % (location,), lambda: proxy.echo)

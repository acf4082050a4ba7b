"""Pyro of the generation that GENERATION in the environment names: 5 (the default) or 4."""

import os

NUMBER = int(os.environ.get("GENERATION", "5"))

if NUMBER == 4:
    from Pyro4 import behavior, config, core, current_context, errors, expose, oneway
    from Pyro4.core import URI, Daemon, Proxy, SerializedBlob, batch as BatchProxy
    from Pyro4.test.echoserver import EchoServer
    from Pyro4.util import SerializerBase, getPyroTraceback as get_pyro_traceback

    SERIALIZERS = ["serpent", "marshal", "json", "msgpack", "pickle"]
    register_class_to_dict = SerializerBase.register_class_to_dict
    register_dict_to_class = SerializerBase.register_dict_to_class
else:
    from Pyro5 import config, core, errors
    from Pyro5.api import behavior, current_context, expose, oneway, register_class_to_dict, register_dict_to_class
    from Pyro5.api import URI, BatchProxy, Daemon, Proxy, SerializedBlob
    from Pyro5.errors import get_pyro_traceback
    from Pyro5.utils.echoserver import EchoServer

    SERIALIZERS = ["serpent", "marshal", "json", "msgpack"]

__all__ = ["NUMBER", "SERIALIZERS", "BatchProxy", "Daemon", "EchoServer", "Proxy", "SerializedBlob", "URI", "behavior", "config", "core",
           "current_context", "errors", "expose", "get_pyro_traceback", "oneway", "register_class_to_dict",
           "register_dict_to_class", "accept"]


def accept(serializers):
    """A daemon that is made after this takes messages in these. Pyro5 always takes all that it has."""
    if NUMBER == 4:
        config.SERIALIZERS_ACCEPTED = set(serializers)

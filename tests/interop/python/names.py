"""Asks a name server everything that it can be asked, and prints what it says, one line each.

usage: names.py NAME_SERVER_URI      (GENERATION and SERIALIZER in the environment)

The lines are the same for every name server of a generation: what differs from run to run is left out.
"""

import os
import sys

from generation import NUMBER, URI, Proxy, config

TAGGED = """
ns.ping()
ns.count()
ns.lookup('Pyro.NameServer')
ns.lookup('Pyro.NameServer', return_metadata=True)
ns.lookup('Pyro.NameServer', True)
ns.lookup('nobody')
ns.lookup('n\u00f6body', True)
ns.lookup(5)
ns.lookup(None)
ns.lookup()
ns.lookup('a', nonsense=1)
ns.register('test.a', 'PYRO:a@localhost:1000', metadata=['x', 'y'])
ns.register('test.b', URI('PYRO:b@localhost:1000'), metadata={'y', 'z'})
ns.register('test.c', 'pyro:c@[::1]:1000', metadata=('z', 'z'))
ns.register('other.d', 'PYRONAME:somewhere', metadata={'x': 1})
ns.register('other.e', 'PYRO:e@./u:/tmp/socket', False, ['x', 'y', 'z'])
ns.register('\u00fcmlaut', 'PYRO:\u00fc@localhost:1000', metadata=['\u00e4'])
ns.count()
ns.lookup('test.a')
ns.lookup('test.a', 1)
ns.lookup('test.b', return_metadata='yes')
ns.lookup('test.c', True)
ns.lookup('other.d', True)
ns.lookup('other.e', True)
ns.lookup('\u00fcmlaut', True)
ns.lookup('test.a', 0)
ns.register('test.a', 'PYRO:other@localhost:1000', safe=True, metadata=['w'])
ns.register('test.a', 'PYRO:other@localhost:1000', True)
ns.lookup('test.a', True)
ns.register('test.a', 'PYRO:other@localhost:1001', metadata=['w'])
ns.lookup('test.a', True)
ns.register('bad', 'nonsense')
ns.register('bad', '')
ns.register('bad', 'PYRO:a')
ns.register('bad', 'PYRO:a@h')
ns.register('bad', 'PYRO:a@h:x')
ns.register('bad', 'PYROX:a@h:1')
ns.register('bad', 5)
ns.register('bad', None)
ns.register('bad', ['PYRO:a@h:1'])
ns.register(5, 'PYRO:a@h:1')
ns.register(None, 'PYRO:a@h:1')
ns.register('bad', 'PYRO:a@h:1', metadata='xyz')
ns.register('bad', 'PYRO:a@h:1', metadata=5)
ns.register('bad', 'PYRO:a@h:1', metadata=1.5)
ns.register('bad')
ns.lookup('bad')
ns.set_metadata('test.a', ['p', 'q'])
ns.lookup('test.a', True)
ns.set_metadata('nobody', ['p'])
ns.set_metadata('test.a', 'p')
ns.set_metadata('test.a', 5)
ns.set_metadata(5, ['p'])
ns.set_metadata('test.a')
ns.lookup('test.a', True)
ns.list()
ns.list(return_metadata=True)
ns.list('test.')
ns.list(prefix='test.', return_metadata=True)
ns.list(prefix='nothing')
ns.list(prefix='')
ns.list(regex='')
ns.list(regex=r'.*\\.[ab]$', return_metadata=True)
ns.list(regex='est')
ns.list(regex='(?!test|Pyro).*')
ns.list(regex='(?P<x>t)es(?P=x)')
ns.list(regex='(?i)TEST')
ns.list(regex='(((')
ns.list(regex='a{2,1}')
ns.list(regex='[b-a]')
ns.list(regex='*')
ns.list(regex=5)
ns.list(nonsense=1)
ns.remove('nobody')
ns.remove('test.c')
ns.remove('test.c')
ns.remove()
ns.remove(None)
ns.remove('')
ns.remove('Pyro.NameServer')
ns.remove(prefix='Pyro')
ns.remove(prefix='nothing')
ns.remove(regex='nothing')
ns.remove(regex='(((')
ns.remove(regex='Pyro')
ns.remove(prefix='', regex='')
ns.count()
ns.remove(regex='.*\\.[b]')
ns.remove(prefix='test.')
ns.list()
ns.remove(regex='.*')
ns.list()
ns.count()
ns.count(1)
ns.ping(1)
ns.nonsense()
ns._private()
ns.storage
"""

FIVE = """
ns.register('one', 'PYRO:a@localhost:1000', metadata=['x', 'y'])
ns.register('two', 'PYRO:a@localhost:1000', metadata=['y', 'z'])
ns.yplookup()
ns.yplookup(['x'])
ns.yplookup(meta_all=['x', 'y'])
ns.yplookup(meta_all={'y'}, return_metadata=False)
ns.yplookup(meta_any=('x', 'z'))
ns.yplookup(None, ['nothing'])
ns.yplookup(meta_all=['nothing'])
ns.yplookup(meta_all=[], meta_any=[])
ns.yplookup(meta_all='x')
ns.yplookup(meta_any='x')
ns.yplookup(meta_all=['x'], meta_any=['y'])
ns.yplookup(meta_all=['class:Pyro5.nameserver.NameServer'])
ns.yplookup(meta_all=5)
ns.list('one', 'two')
ns.list(prefix='one', regex='two')
ns.list(prefix='one', regex='')
ns.list('one', None, True)
ns.list(metadata_all=['x'])
ns.remove('nobody', 'one')
ns.remove('one', 'two')
ns.list()
"""

FOUR = """
ns.register('one', 'PYRO:a@localhost:1000', metadata=['x', 'y'])
ns.register('two', 'PYRO:a@localhost:1000', metadata=['y', 'z'])
ns.list(metadata_all=['x'])
ns.list(metadata_all=['x', 'y'], return_metadata=True)
ns.list(metadata_any=['x', 'z'], return_metadata=True)
ns.list(metadata_any={'nothing'})
ns.list(metadata_all='x')
ns.list(metadata_any='x')
ns.list(metadata_all=['x'], metadata_any=['y'])
ns.list(prefix='one', metadata_any=['y'])
ns.list(prefix='', metadata_any=['y'])
ns.list(metadata_all=[], return_metadata=True)
ns.list(None, None, ['x'], None, True)
ns.list(metadata_all=['class:Pyro4.naming.NameServer'], return_metadata=True)
ns.list('one', 'two')
ns.list(prefix='one', regex='')
ns.register('three', 'PYRO:a@localhost:1000', metadata=0)
ns.register('three', 'PYRO:a@localhost:1000', metadata=['q'])
ns.remove('nobody', 'thr')
ns.remove('one', 'two')
ns.list()
"""

# The entries have no metadata: json and msgpack of Pyro5 cannot say so.
UNTAGGED = """
ns.register('bare', 'PYRO:a@localhost:1000')
ns.register('empty', 'PYRO:a@localhost:1000', metadata=[])
ns.register('cleared', 'PYRO:a@localhost:1000', metadata=['x'])
ns.set_metadata('cleared', [])
ns.set_metadata('cleared', None)
ns.lookup('bare', True)
ns.lookup('empty', True)
ns.lookup('cleared', True)
ns.list(return_metadata=True)
ns.list(prefix='bare', return_metadata=True)
ns.list(regex='.*e', return_metadata=True)
ns.remove(prefix='b')
ns.remove(regex='empty|cleared')
ns.list(return_metadata=True)
"""


def shown(value):
    """The same text for the same value: sets have an order, and empty ones no kind."""
    if isinstance(value, (set, frozenset)):
        return "set(%s)" % ", ".join(sorted(map(shown, value)))
    if isinstance(value, list):
        # Metadata, which comes in any order.
        return "list(%s)" % ", ".join(sorted(map(shown, value)))
    if isinstance(value, tuple):
        return "tuple(%s)" % ", ".join(map(shown, value))
    if isinstance(value, dict):
        return "dict(%s)" % ", ".join("%s=%s" % (shown(key), shown(value[key])) for key in sorted(value))
    if isinstance(value, URI):
        return "URI(%s)" % value
    return ascii(value)


def main():
    config.SERIALIZER = os.environ.get("SERIALIZER", "serpent")
    config.COMMTIMEOUT = 30.0
    with Proxy(sys.argv[1]) as ns:
        lines = TAGGED + (FIVE if NUMBER == 5 else FOUR)
        if config.SERIALIZER in ("serpent", "marshal"):
            lines += UNTAGGED
        for line in lines.strip().split("\n"):
            try:
                said = shown(eval(line, {"ns": ns, "URI": URI}))
            except Exception as x:
                said = "%s.%s: %s" % (type(x).__module__, type(x).__name__, ascii(str(x)))
            place = sys.argv[1].split("@")[1]
            print("%s -> %s" % (ascii(line), said.replace(place, "HERE")))


main()

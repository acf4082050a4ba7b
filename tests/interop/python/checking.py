"""Collects checks, runs them all, and reports."""

import sys
import traceback

CHECKS = []


def check(function):
    """Decorator: a function of the URI that raises AssertionError if the server deviates."""
    CHECKS.append(function)
    return function


def equal(got, expected):
    """Equality of value and type, all the way down; NaN equals NaN."""
    assert same(got, expected), "got %s, expected %s" % (repr(got)[:500], repr(expected)[:500])


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(k, k2) and same(a[k], b[k2]) for k, k2 in zip(a, b))
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    return a == b


def raises(kind, text, function, *args, **kwargs):
    """Calls the function, which must raise exactly this class with exactly this text (None: any)."""
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        assert type(error) is kind, "got %s: %s, expected %s: %s" % (type(error), error, kind, text)
        assert text is None or str(error) == text, "got %r, expected %r" % (str(error), text)
        return error
    raise AssertionError("got the result %r, expected %s: %s" % (result, kind, text))


def run(uri, skip):
    """Runs the checks; returns the exit code."""
    names = [function.__name__ for function in CHECKS]
    assert len(names) == len(set(names)), "two checks with one name"
    unknown = set(skip) - set(names)
    if unknown:
        print("no such checks: %s" % ", ".join(sorted(unknown)), file=sys.stderr)
        return 2
    failed = []
    for function in CHECKS:
        name = function.__name__
        if name in skip:
            print("skipped", name)
            continue
        try:
            function(uri)
        except Exception:
            failed.append(name)
            print("FAILED", name)
            traceback.print_exc(file=sys.stdout)
        else:
            print("ok", name)
    if failed:
        print("%d FAILED: %s" % (len(failed), ", ".join(failed)))
        return 1
    print("ALL OK")
    return 0

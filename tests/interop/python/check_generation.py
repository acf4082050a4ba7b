"""Checks a server as a program of Pyro4 or of Pyro5 sees it, in one serializer.

usage: GENERATION=4|5 check_generation.py URI SERIALIZER [--of generation|streams|batches|pyro_tests|pyro4_tests] [--skip NAME,NAME ...]

The object must be that of Pyro's own echo server; `test.source` of the tests for streams and batches. One line is
printed for each check, `ALL OK` at the end.
"""

import argparse
import importlib
import sys

import checking
from generation import SERIALIZERS, config


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("uri")
    parser.add_argument("serializer", choices=SERIALIZERS)
    parser.add_argument("--of", default="generation", choices=["generation", "streams", "batches", "pyro_tests", "pyro4_tests"])
    parser.add_argument("--skip", default="", help="names of checks to leave out, separated by commas")
    parser.add_argument("--compressing", action="store_true", help="compress requests")
    args = parser.parse_args()
    config.COMMTIMEOUT = 30.0
    config.SERIALIZER = args.serializer
    config.COMPRESSION = args.compressing
    # Importing registers the checks.
    importlib.import_module("checks_" + args.of)
    return checking.run(args.uri, [name for name in args.skip.split(",") if name])


if __name__ == "__main__":
    sys.exit(main())

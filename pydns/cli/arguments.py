"""The command lines of verbs beside `serve`, which has CoreDNS's flags."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence


def make_parser(verb: str, summary: str, text: str) -> argparse.ArgumentParser:
    """A parser whose help shows `text`, as it is, below the options. Usage errors exit with 2."""
    return argparse.ArgumentParser(
        prog=f"pydns {verb}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_corefile(parser: argparse.ArgumentParser) -> None:
    """The Corefile, as all verbs that read one take it."""
    parser.add_argument(
        "corefile",
        metavar="Corefile",
        nargs="?",
        default="Corefile",
        help="the file to read; - or stdin is standard input (default: ./Corefile)",
    )
    parser.add_argument("-conf", "--conf", dest="conf", metavar="FILE", help="the same, as serve takes it")


def add_port(parser: argparse.ArgumentParser, default: int) -> None:
    """The port of server blocks that name none, by serve's flags too."""
    parser.add_argument(
        "--port",
        "-p",
        "-dns.port",
        "--dns.port",
        dest="port",
        type=port,
        default=default,
        metavar="PORT",
        help=f"port of server blocks that name none (default: {default})",
    )


def port(text: str) -> int:
    """A port's number. Raises argparse's error."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def seconds(text: str) -> float:
    """Seconds over 0, at most a day. Raises argparse's error."""
    try:
        number = float(text.removesuffix("s"))
    except ValueError:
        number = 0.0
    if not 0 < number <= 86400:  # false for NaN too
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds")
    return number


def number(low: int, high: int) -> Callable[[str], int]:
    """What reads a whole number within `low` and `high`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no number between {low} and {high}")
        return int(text)

    return read


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Options may stand between the words."""
    found = parser.parse_intermixed_args(argv)
    if getattr(found, "conf", None) is not None:
        found.corefile = found.conf
    return found

"""The command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import peers, python
from benchmarks.peers.corefile import PROFILES
from benchmarks.workloads import WORKLOADS

QUICK: Final = (
    *("--workloads", "hosts,cached,once,forwarded"),
    *("--servers", "pydns,floor,nsd"),
    *("--seconds", "1"),
    *("--rounds", "1"),
)
"""What shows within a minute how far we are from the least, and from the fastest."""


@dataclass(frozen=True)
class Options:
    """`json` is None for a file of its own in benchmarks/results."""

    workloads: tuple[str, ...]
    servers: tuple[str, ...]
    seconds: float
    rounds: int
    profile: str
    python: str
    json: Path | None


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """The process's arguments, or those given. Ends the process where they are wrong, with a word on how."""
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks", description="Measures our server and its peers side by side."
    )
    add = parser.add_argument
    add("--workloads", type=_some_of(WORKLOADS), default=tuple(WORKLOADS), metavar="NAME,...", help=_all(WORKLOADS))
    add("--servers", type=_some_of(peers.SERVERS), default=peers.SERVERS, metavar="NAME,...", help=_all(peers.SERVERS))
    add("--seconds", type=_within(0.1, 600.0), default=4.0, metavar="N", help="of full speed in a run (%(default)g)")
    add("--rounds", type=int, choices=range(1, 100), default=3, metavar="N", help="runs of each server (%(default)s)")
    add("--profile", choices=tuple(PROFILES), default="cluster", help="what else is in our Corefile (%(default)s)")
    add("--quick", action="store_true", help=f"the same as {' '.join(QUICK)}; what else is given counts")
    add("--python", default=python.DEFAULT, metavar="PATH", help="which runs our server (%(default)s)")
    add("--json", type=Path, metavar="PATH", help="where to write the figures (benchmarks/results/TIME.json)")
    words = list(sys.argv[1:] if arguments is None else arguments)
    found = vars(parser.parse_args([*QUICK, *words] if "--quick" in words else words))
    del found["quick"]
    return Options(**found)


def _all(known: Collection[str]) -> str:
    return f"of {', '.join(known)} (all)"


def _some_of(known: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Reads names with commas between them; each once, in the order of those that are known."""

    def read(text: str) -> tuple[str, ...]:
        wanted = text.split(",")
        for name in wanted:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return tuple(name for name in known if name in wanted)

    return read


def _within(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not low <= number <= high:  # false for NaN too
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return number

    return read

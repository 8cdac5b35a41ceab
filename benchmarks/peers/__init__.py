"""The servers that can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.errors import ServerError
from benchmarks.peers.bind import Bind
from benchmarks.peers.coredns import Coredns
from benchmarks.peers.dnsdist import Dnsdist
from benchmarks.peers.dnsmasq import Dnsmasq
from benchmarks.peers.floor import Floor
from benchmarks.peers.knot import Knot
from benchmarks.peers.nsd import Nsd
from benchmarks.peers.peer import Peer
from benchmarks.peers.pydns import Pydns, Single
from benchmarks.peers.unbound import Unbound

OURS: Final = Pydns.name
DEBIANS: Final[dict[str, type[Floor | Nsd | Knot | Unbound | Dnsmasq | Dnsdist | Bind]]] = {
    peer.name: peer for peer in (Floor, Nsd, Knot, Unbound, Dnsmasq, Dnsdist, Bind)
}
"""Those that Debian has, or has the compiler for."""

SERVERS: Final = (OURS, Single.name, *DEBIANS, Coredns.name)


def make(names: Sequence[str], python: Path, profile: str) -> list[Peer]:
    """The servers of these names; ours runs on `python`."""
    return [_make(name, python, profile) for name in names]


def upstream() -> Peer:
    """Whom all ask who forward: the floor, which costs least, or NSD where that cannot be built."""
    floor = Floor()
    try:
        floor.path()
    except ServerError:
        return Nsd()
    return floor


def _make(name: str, python: Path, profile: str) -> Peer:
    if name in DEBIANS:
        return DEBIANS[name]()
    if name == Coredns.name:
        return Coredns(profile)
    return Single(python, profile) if name == Single.name else Pydns(python, profile)

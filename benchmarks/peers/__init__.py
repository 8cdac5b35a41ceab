"""The servers that can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.peers.dnsdist import Dnsdist
from benchmarks.peers.dnsmasq import Dnsmasq
from benchmarks.peers.nsd import Nsd
from benchmarks.peers.peer import Peer
from benchmarks.peers.pydns import Pydns
from benchmarks.peers.unbound import Unbound

OURS: Final = Pydns.name
OTHERS: Final[dict[str, type[Nsd | Unbound | Dnsmasq | Dnsdist]]] = {
    peer.name: peer for peer in (Nsd, Unbound, Dnsmasq, Dnsdist)
}
SERVERS: Final = (OURS, *OTHERS)


def make(names: Sequence[str], python: Path, profile: str) -> list[Peer]:
    """The servers of these names; ours runs on `python`."""
    return [Pydns(python, profile) if name == OURS else OTHERS[name]() for name in names]

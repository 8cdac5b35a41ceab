"""The workloads: what is asked, and the files that the servers and dnsperf read for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, NamedTuple

ZONE: Final = "bench.example"
"""RFC 2606: a name that is nobody's."""

NAMES: Final = 10_000

_FIRST_ADDRESS: Final = IPv4Address("10.0.0.1")
_SEED: Final = 1  # the same order of queries in every run


@dataclass(frozen=True)
class Workload:
    """One kind of work.

    * `ttl`: of the records. An answer with TTL 0 is not cached (RFC 1035 section 3.2.1), also by a server whose cache
      cannot be switched off
    * `upstream`: whether the names are an upstream's, an NSD with the zone
    * `cache`: whether servers are to keep what the upstream said
    """

    name: str
    title: str
    ttl: int
    upstream: bool
    cache: bool


HOSTS: Final = Workload("hosts", f"{NAMES:,} names of a hosts file", 3600, upstream=False, cache=False)
CACHED: Final = Workload("cached", f"{NAMES:,} names of an upstream, cached", 3600, upstream=True, cache=True)
FORWARDED: Final = Workload("forwarded", f"{NAMES:,} names of an upstream, never cached", 0, upstream=True, cache=False)

WORKLOADS: Final = {workload.name: workload for workload in (HOSTS, CACHED, FORWARDED)}


class Data(NamedTuple):
    """The files of a workload."""

    hosts: Path
    zone: Path
    queries: Path


def write_data(workload: Workload, folder: Path) -> Data:
    """The same names as a hosts file, as a master file (RFC 1035 section 5), and as mixed queries for dnsperf."""
    data = Data(folder / "hosts", folder / "zone", folder / "queries")
    records = list(entries())
    data.hosts.write_text("".join(f"{address} {name}.{ZONE}\n" for name, address in records))
    head = f"$ORIGIN {ZONE}.\n$TTL {workload.ttl}\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"
    data.zone.write_text(head + "".join(f"{name} A {address}\n" for name, address in records))
    random.Random(_SEED).shuffle(records)
    data.queries.write_text("".join(f"{name}.{ZONE} A\n" for name, _ in records))
    return data


def entries() -> Iterator[tuple[str, IPv4Address]]:
    """First labels with their addresses."""
    for i in range(NAMES):
        yield f"name{i:05}", _FIRST_ADDRESS + i

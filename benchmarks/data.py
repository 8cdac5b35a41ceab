"""The files of a workload: the same names for each kind of server, and the queries for dnsperf."""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.workloads import FIRST_ADDRESS, ZONE, Source, Workload, label

DENIED: Final = 100_000
"""Names that do not exist, where such are asked."""

_SEED: Final = 1  # the same order of queries in every run

_HEAD: Final = "$ORIGIN {zone}.\n$TTL {ttl}\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"
_SERVICE: Final = '{} = {{ cluster_ip = "{}", ports = [80] }}\n'


KEY: Final = "Kbench.example.+013+56588"
_PUBLIC: Final = (
    f"{ZONE}. IN DNSKEY 257 3 13 "
    "h5SxNBsqTFC7EzFrFoOe1vK16YXCY8qmnCf5RpmnfcqaQ1lcM8oSJtah1i5oPPpqVtxqMCOf3sQOuHly4RYLAQ==\n"
)
_PRIVATE: Final = """\
Private-key-format: v1.3
Algorithm: 13 (ECDSAP256SHA256)
PrivateKey: kDGv97ZSUgY9EJ0vvTgWfqrHjfklbUx8dmIIQX6Nwlc=
"""
"""A key that signs nothing but what is measured."""


class Data(NamedTuple):
    """A hosts file, a master file (RFC 1035 section 5), our file of services, dnsperf's queries, and a zone's key: what
    the names of its files begin with."""

    hosts: Path
    zone: Path
    services: Path
    queries: Path
    key: Path


def write_data(workload: Workload, folder: Path) -> Data:
    data = Data(folder / "hosts", folder / "zone", folder / "services.toml", folder / "queries", folder / KEY)
    write_hosts(workload, data.hosts)
    with data.zone.open("w") as file:
        file.write(_HEAD.format(zone=ZONE, ttl=workload.ttl))
        file.writelines(f"{first}.{workload.domain}. A {address}\n" for first, address in records(workload))
    if workload.source is Source.SERVICES:
        with data.services.open("w") as file:
            file.write("[services.default]\n")
            file.writelines(_SERVICE.format(first, address) for first, address in records(workload))
    Path(f"{data.key}.key").write_text(_PUBLIC)
    Path(f"{data.key}.private").write_text(_PRIVATE)
    data.queries.write_text("".join(f"{name} A\n" for name in asked(workload)))
    return data


def write_hosts(workload: Workload, path: Path, first: IPv4Address = FIRST_ADDRESS) -> None:
    """The hosts file. `first` is the address of the witness: by another one a changed file is told from the old."""
    with path.open("w") as file:
        file.write(f"{first} {workload.witness}\n")
        file.writelines(
            f"{address} {name}.{workload.domain}\n" for name, address in records(workload) if address != FIRST_ADDRESS
        )


def records(workload: Workload) -> Iterator[tuple[str, IPv4Address]]:
    """First labels with their addresses."""
    for i in range(workload.names * workload.addresses):
        yield label(i // workload.addresses), FIRST_ADDRESS + i


def asked(workload: Workload) -> list[str]:
    """The names of one pass, in mixed order."""
    mixed = random.Random(_SEED)
    if workload.denied:
        names = [f"missing{i:05}.{workload.domain}" for i in range(DENIED)]
    else:
        names = [f"{label(i)}.{workload.domain}" for i in range(workload.names)]
    if workload.spellings > 1:
        names = [_spelled(name, mixed) for name in names for _ in range(workload.spellings)]
    mixed.shuffle(names)
    return names


def _spelled(name: str, mixed: random.Random) -> str:
    """Each letter large or small by chance, as resolvers do it against forged answers."""
    return "".join(mixed.choice((letter.upper(), letter.lower())) for letter in name)

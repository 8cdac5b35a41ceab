"""The workloads: what is asked, what the servers have, and who can do it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Final

ZONE: Final = "bench.example"
"""RFC 2606: a name that is nobody's."""

NAMES: Final = 10_000

FIRST_ADDRESS: Final = IPv4Address("10.0.0.1")


class Way(Enum):
    """How it is measured; a file in `measuring` for each."""

    STEADY = "the same names over and over, in rounds of some seconds"
    ONCE = "each name once, by a server that was just started"
    START = "from the start of a process to its first answer"
    MILLION = "a file of a million names: start, and reload"
    LARGE = "a large cluster's API: the first sync, beside queries for names of a hosts file"
    SIGNING = "a zone file of many names is signed, beside queries for others"
    OVERLOAD = "kept names beside a flood that no upstream answers"


class Source(Enum):
    """Where the answers come from."""

    HOSTS = "a hosts file"
    SERVICES = "a file of services"
    ZONE = "a zone file"
    CACHE = "an upstream, kept"
    UPSTREAM = "an upstream, each one"


@dataclass(frozen=True)
class Manner:
    """How dnsperf asks.

    * `outstanding`: queries under way at once. A socket's default buffer of 208 KiB holds about 200: more would be lost
      before a server that leaves the buffer as it is has seen them
    * `option`: an EDNS option of each query, as CODE:HEX
    * `askers`: so many dnsperf at once, each in this manner, where as much is asked as the server takes
    * `dnssec`: DO is set
    """

    clients: int = 20
    outstanding: int = 100
    askers: int = 1
    tcp: bool = False
    option: str = ""
    dnssec: bool = False


@dataclass(frozen=True)
class Workload:
    """One kind of work.

    * `peers`: who can do it beside us
    * `addresses`: of each name
    * `spellings`: in which upper and lower case letters each name is asked
    * `denied`: names are asked that do not exist
    * `beside`: directives of our Corefile that belong to it, whatever the profile is
    * `profile`: of our Corefile, where it is not for the user to choose
    * `signed`: answers are signed as they go
    * `forwards`: what is not in the source goes to an upstream
    * `warming`: passes over all names before the first run. The first fills a cache, the second our packet cache
    """

    name: str
    title: str
    peers: tuple[str, ...]
    way: Way = Way.STEADY
    source: Source = Source.HOSTS
    names: int = NAMES
    addresses: int = 1
    spellings: int = 1
    denied: bool = False
    manner: Manner = Manner()
    beside: tuple[str, ...] = ()
    profile: str | None = None
    signed: bool = False
    forwards: bool = False
    warming: int = 3

    @property
    def ttl(self) -> int:
        """An answer with TTL 0 is not kept (RFC 1035 section 3.2.1), also by a server that must have a cache."""
        return 0 if self.source is Source.UPSTREAM else 3600

    @property
    def upstream(self) -> bool:
        return self.forwards or self.source in (Source.CACHE, Source.UPSTREAM)

    @property
    def domain(self) -> str:
        """What stands behind the first label of each name."""
        return f"default.svc.{ZONE}" if self.source is Source.SERVICES else ZONE

    @property
    def rcode(self) -> str:
        return "NXDOMAIN" if self.denied else "NOERROR"

    @property
    def witness(self) -> str:
        """A name that has `FIRST_ADDRESS`: who says so is there, and has its names."""
        return f"{label(0)}.{self.domain}"


def label(number: int) -> str:
    """The first label of a name; each number has its own, of five digits at least."""
    return f"name{number:05}"


_TCP: Final = ("nsd",)

_ALL: Final = (
    Workload("hosts", f"{NAMES:,} names of a hosts file", ("floor", "nsd", "unbound", "dnsmasq", "coredns")),
    Workload(
        "cached",
        f"{NAMES:,} names of an upstream, kept",
        ("floor", "nsd", "unbound", "dnsmasq", "dnsdist", "coredns"),
        source=Source.CACHE,
    ),
    Workload(
        "mixed-case",
        f"{NAMES:,} names, each in four spellings, with a COOKIE option",
        ("floor", "nsd", "unbound", "dnsmasq", "coredns"),
        spellings=4,
        manner=Manner(option="10:0123456789abcdef"),  # RFC 7873 section 4: code 10, a client cookie of 8 octets
    ),
    Workload(
        "logged",
        f"{NAMES:,} names; ours writes each query to a log, the peers none",
        ("nsd", "unbound", "dnsmasq"),
        beside=("log",),
    ),
    Workload(
        "dual",
        f"{NAMES:,} names with two addresses each, in changing orders",
        ("nsd", "unbound", "dnsmasq", "coredns"),
        addresses=2,
        beside=("loadbalance",),
    ),
    Workload(
        "once",
        "100,000 names of a hosts file, each asked once",
        ("floor", "nsd", "unbound", "dnsmasq", "coredns"),
        way=Way.ONCE,
        names=100_000,
    ),
    Workload(
        "denied-once",
        "100,000 names that do not exist, each asked once, in a zone of 10,000 services",
        ("nsd", "unbound", "dnsmasq"),
        way=Way.ONCE,
        source=Source.SERVICES,
        denied=True,
    ),
    Workload(
        "services-once",
        f"{NAMES:,} services, each asked once",
        ("floor", "nsd", "unbound", "dnsmasq"),
        way=Way.ONCE,
        source=Source.SERVICES,
    ),
    Workload(
        "zone",
        f"{NAMES:,} names of a zone file",
        ("floor", "nsd", "knot", "unbound", "coredns"),
        source=Source.ZONE,
    ),
    Workload(
        "zone-once",
        "100,000 names of a zone file, each asked once",
        ("floor", "nsd", "knot", "unbound", "coredns"),
        way=Way.ONCE,
        source=Source.ZONE,
        names=100_000,
    ),
    Workload(
        "zone-denied-once",
        f"100,000 names that do not exist, each asked once, in a zone file of {NAMES:,}",
        ("nsd", "knot", "unbound", "coredns"),
        way=Way.ONCE,
        source=Source.ZONE,
        denied=True,
    ),
    Workload(
        "signed",
        f"{NAMES:,} names of a zone file, signed once and asked for with DO; Knot signs each answer anew",
        ("single", "knot"),
        source=Source.ZONE,
        manner=Manner(dnssec=True),
        signed=True,
    ),
    Workload(
        "signed-once",
        f"{NAMES:,} names of a zone file, signed as they are asked, each once",
        ("knot",),
        way=Way.ONCE,
        source=Source.ZONE,
        manner=Manner(dnssec=True),
        signed=True,
    ),
    Workload(
        "signing",
        "a zone file of 100,000 names is signed, beside dnssec-signzone",
        ("bind",),
        way=Way.SIGNING,
        source=Source.ZONE,
        names=100_000,
    ),
    Workload(
        "forwarded",
        f"{NAMES:,} names of an upstream, never kept",
        ("unbound", "dnsmasq", "dnsdist", "coredns"),
        source=Source.UPSTREAM,
    ),
    Workload(
        "tcp-200",
        f"{NAMES:,} names of a hosts file, 100 connections, 200 queries under way",
        _TCP,
        manner=Manner(clients=100, outstanding=200, tcp=True),
    ),
    Workload(
        "tcp-2000",
        f"{NAMES:,} names of a hosts file, 100 connections, 2,000 queries under way",
        _TCP,
        manner=Manner(clients=100, outstanding=2000, tcp=True),
    ),
    Workload(
        "multisocket",
        f"{NAMES:,} names of a hosts file, two processes beside one",
        ("single",),
        beside=("multisocket 2",),
        manner=Manner(outstanding=400, askers=2),
        warming=20,  # each process has a packet cache of its own, and chance says who is asked
    ),
    Workload(
        "start",
        "a small Corefile: hosts and forward",
        ("nsd", "unbound", "dnsmasq", "coredns"),
        way=Way.START,
        names=10,
        profile="bare",
        forwards=True,
    ),
    Workload(
        "start-cluster",
        "a cluster's Corefile, with 10 services",
        (),
        way=Way.START,
        source=Source.SERVICES,
        names=10,
        profile="cluster",
        forwards=True,
    ),
    Workload(
        "million",
        "one million lines of a hosts file",
        ("nsd", "coredns"),  # dnsmasq takes minutes to read that many different addresses
        way=Way.MILLION,
        names=1_000_000,
    ),
    Workload(
        "million-zone",
        "a zone file of one million records",
        ("nsd", "knot", "coredns"),
        way=Way.START,
        source=Source.ZONE,
        names=1_000_000,
    ),
    Workload(
        "large-cluster",
        "an API with 10,000 services, 100,000 endpoints and 100,000 pods, all watched, from the start on",
        ("coredns",),
        way=Way.LARGE,
        names=1_000,
    ),
    Workload(
        "overload",
        "1,000 kept names a second beside 20,000 unique ones that no upstream answers",
        (),
        way=Way.OVERLOAD,
        source=Source.CACHE,
        names=1_000,
    ),
)

WORKLOADS: Final = {workload.name: workload for workload in _ALL}

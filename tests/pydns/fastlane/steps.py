"""What may happen to two servers, step by step."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from pydns import names
from pydns.records import Class, Type
from pydns.wire.edns import COOKIE, PADDING
from tests.pydns.fastlane.corefiles import COREFILES, HOSTS, SERVICES
from tests.pydns.fastlane.upstream import Mood, Said
from tests.pydns.wire.messages import message, opt, question

NAMES: Final = [
    "one.up.test",
    "one.up.test",
    "many.up.test",
    "alias.up.test",
    "tohosts.up.test",
    "large.up.test",
    "gone.up.test",
    "www.hosts.test",
    "www.hosts.test",
    "a.wild.hosts.test",
    "other.hosts.test",
    "4.2.0.192.in-addr.arpa",
    "web.shop.svc.cluster.local",
    "none.shop.svc.cluster.local",
    "ext.shop.svc.cluster.local",
    "a.head.shop.svc.cluster.local",
    "head.shop.svc.cluster.local",
    "_http._tcp.web.shop.svc.cluster.local",
    "1.1.96.10.in-addr.arpa",
    "localhost",
    "x.whoami.test",
    "www.acl.test",
    "www.plain.test",
    "version.bind",
    "host.zone.test",
    "www.zone.test",
    "zone.test",
    "zone.test",
    "gone.zone.test",
    "x.zone.test",
    "out.zone.test",
    "up.zone.test",
    "www.old.zone.test",
    "a.sub.zone.test",
    "x.c.zone.test",
    "x.b.c.zone.test",
    "b.c.zone.test",
]
CLIENTS: Final = ["192.0.2.9", "192.0.2.9", "192.0.2.66", "192.0.2.67", "2001:db8::9"]

_NSID: Final = (3, b"")
_SUBNET: Final = (8, b"\0\1\x18\0\xc0\0\2")
_OPTS: Final = {
    "none": None,
    "plain": opt(),
    "small": opt(size=512),
    "large": opt(size=4096),
    "DO": opt(flags=0x8000),
    "cookie": opt((COOKIE, b"8 octets")),
    "other cookie": opt((COOKIE, b"8 others")),
    "padding": opt((PADDING, bytes(9))),
    "NSID": opt(_NSID),
    "NSID and padding": opt(_NSID, (PADDING, bytes(4))),
    "subnet": opt(_SUBNET),
}
_TYPES: Final = [Type.A, Type.A, Type.A, Type.AAAA, Type.PTR, Type.SRV, Type.TXT, Type.ANY, Type.SOA, Type.MX, Type.NS]
_FLAGS: Final = [0x0100, 0x0100, 0x0100, 0x0000, 0x0110, 0x0120]  # RD, CD and AD
# All are sums of powers of two, so that no second is missed by a rounding.
_SECONDS: Final = [0.125, 0.5, 0.875, 1, 1.125, 3, 7, 20, 65]


class Ask(NamedTuple):
    """A query that is asked some times, each a while after the other. `wait`: for the answer, before the next step."""

    name: str
    type: int
    flags: int
    opt: str
    letters: int
    client: str
    transport: str
    times: int
    pause: float
    wait: bool

    def wire(self, id_: int) -> bytes:
        spelled = bytearray(names.from_text(self.name))
        for i in range(len(spelled)):
            if self.letters >> i % 8 & 1 and 97 <= spelled[i] <= 122:
                spelled[i] -= 32
        record = _OPTS[self.opt]
        class_ = Class.CH if self.name.endswith(".bind") else Class.IN
        counts = (1, 0, 0, 0 if record is None else 1)
        return message(
            question(bytes(spelled), self.type, class_), record or b"", flags=self.flags, counts=counts, id_=id_
        )


class Wait(NamedTuple):
    seconds: float


class Write(NamedTuple):
    """Which content the hosts and the services file have from now on; the zone goes with the hosts."""

    hosts: int
    services: int


class Says(NamedTuple):
    """What the upstream has from now on, and its mood."""

    said: Said
    mood: Mood


class Flush(NamedTuple):
    """A source says that a zone has changed, though it has not; an empty one is everything."""

    zone: str


class Reload(NamedTuple):
    corefile: str


class Scrape(NamedTuple):
    """The metrics are read."""


_ask = st.builds(
    Ask,
    st.sampled_from(NAMES),
    st.sampled_from(_TYPES),
    st.sampled_from(_FLAGS),
    st.sampled_from(["none", "none", "plain", "plain", *_OPTS]),
    st.sampled_from([0, 0, 0, 0xFF, 0x5A]),
    st.sampled_from(CLIENTS),
    st.sampled_from(["udp", "udp", "udp", "tcp"]),
    st.integers(1, 6),
    st.sampled_from([0, 0, 0, 0.125, 0.375, 1, 2.5]),
    st.sampled_from([True, True, True, False]),
)
_other = st.one_of(
    st.builds(Wait, st.sampled_from(_SECONDS)),
    st.builds(Wait, st.sampled_from(_SECONDS)),
    st.builds(Write, st.integers(0, len(HOSTS) - 1), st.integers(0, len(SERVICES) - 1)),
    st.builds(Says, st.builds(Said, st.integers(1, 9), st.sampled_from([0, 1, 3, 12, 60])), st.sampled_from(Mood)),
    st.builds(Flush, st.sampled_from(["", "up.test", "hosts.test", "www.hosts.test", "cluster.local", "zone.test"])),
    st.builds(Reload, st.sampled_from(sorted(COREFILES))),
    st.just(Scrape()),
)


def _about(ask: Ask, others: list[Any]) -> list[Any]:
    """The same question between all the rest, so that much of it meets a kept answer."""
    found: list[Any] = [ask._replace(times=2)]
    for other in others:
        found += [other, ask]
    return found


steps = st.lists(
    st.one_of(
        _ask.map(lambda ask: [ask]),
        _other.map(lambda other: [other]),
        st.builds(_about, _ask, st.lists(st.one_of(_ask, _other), min_size=1, max_size=4)),
    ),
    min_size=4,
    max_size=20,
).map(lambda groups: [step for group in groups for step in group])

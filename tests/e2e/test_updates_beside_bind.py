"""The same updates go to BIND and to pydns: the same rcodes, and the same zone after each.

Left out is where BIND does more than RFC 2136 says: a DNAME at the apex, since it refuses what occludes the name
servers of the zone, and a prerequisite that says the same record twice, which holds for it never.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.programs import free_port
from tests.e2e.test_updates import ORIGIN, ZONE, primary
from tests.peers.bind import Bind
from tests.peers.zones import KEY, PeerZone, Remote

KEYRING = dns.tsigkeyring.from_text({KEY.name: KEY.secret})
NAMES = ["@", "a", "b", "x.a", "*.b", "www", "y.x.a"]
DATA = [
    ("A", "192.0.2.1"), ("A", "192.0.2.2"), ("TXT", '"one"'), ("TXT", '"two"'), ("NS", "ns"), ("NS", "NS2.Other."),
    ("DNAME", "b.other."), ("DNAME", "c.other."),
    ("CNAME", "www"), ("CNAME", "b"), ("MX", "10 www"), ("AAAA", "2001:db8::1"),
    ("SOA", f"ns hostmaster {2**31} 7200 3600 1209600 300"), ("SOA", "ns hostmaster 1 7200 3600 1209600 300"),
]  # fmt: skip
TYPES = ["ANY", "A", "TXT", "NS", "CNAME", "MX", "SOA"]


class Two(NamedTuple):
    ours: int
    binds: int


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("updates")
    ports = Two(free_port(), free_port())
    options = f'allow-update {{ key "{KEY.name}"; }};'
    zone = PeerZone(ORIGIN, ZONE, secondaries=[Remote(1, KEY)], options=options)
    with primary(folder, ports.ours), Bind(folder, ports.binds, [zone]):
        yield ports


Change = tuple[str, str, int, tuple[str, str], str]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "delete", "delete type", "present", "absent", "value"]),
        st.sampled_from(NAMES),
        st.sampled_from([60, 60, 300]),
        st.sampled_from(DATA),
        st.sampled_from(TYPES),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda change: change if change[0] != "value" else ("value", change[1], change[3][0]),
).filter(lambda changes: not any(change[1] == "@" and change[3][0] == "DNAME" for change in changes))


def message(changes: list[Change]) -> dns.update.UpdateMessage:
    found = dns.update.UpdateMessage(ORIGIN, keyring=KEYRING, keyalgorithm=dns.tsig.HMAC_SHA256)
    for what, name, ttl, (type_, data), whole in changes:
        if what == "add":
            found.add(name, ttl, type_, data)
        elif what == "delete":
            found.delete(name, type_, data)
        elif what == "delete type":
            found.delete(name, *([] if whole == "ANY" else [whole]))
        elif what == "value":
            found.present(name, type_, data)
        else:
            ask = found.present if what == "present" else found.absent
            ask(name, *([] if whole == "ANY" else [whole]))
    return found


def sent(changes: list[Change], port: int) -> str:
    answer = dns.query.tcp(message(changes), "127.0.0.1", timeout=10, port=port)
    return dns.rcode.to_text(answer.rcode())


def zone(port: int) -> set[str]:
    axfr = dns.query.xfr("127.0.0.1", ORIGIN, port=port, relativize=False, keyring=KEYRING, keyalgorithm="hmac-sha256")
    found = dns.zone.from_xfr(axfr, relativize=False, check_origin=False)
    return {f"{name} {ttl} {rdata}".lower() for name, ttl, rdata in found.iterate_rdatas()}


@settings(max_examples=150, deadline=None)
@given(CHANGES)
def test_the_same_comes_of_it(two: Two, changes: list[Change]) -> None:
    assert sent(changes, two.ours) == sent(changes, two.binds)
    assert zone(two.ours) == zone(two.binds)

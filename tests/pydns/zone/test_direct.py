"""The direct lane says of a zone what all other lanes say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.records import Record
from pydns.wire.opened import sections
from pydns.zone.direct import direct
from pydns.zone.lookup import find
from pydns.zone.zone import Zone
from tests.pydns.zone.zones import RECORDS, absolute, build, record, soa, zone_of

IP = b"\1\1\1\1"
LABELS = st.lists(st.sampled_from(["a", "b", "*", "ns", "www", "x"]), max_size=4)
TYPES = st.sampled_from([1, 6, 16, 28, 39, 46, 64])


def opened(name: bytes, type_: int, packed: tuple[int, int, int, bytes, str]) -> tuple[list[Record], list[Record]]:
    """Answer and authority as records."""
    flags, answers, authorities, records, _ = packed
    header = b"\0\0" + (0x8000 | flags).to_bytes(2) + b"\0\1" + answers.to_bytes(2) + authorities.to_bytes(2) + b"\0\0"
    answer, authority, _ = sections(header + name + type_.to_bytes(2) + b"\0\1" + records)
    return list(answer), list(authority)


@given(RECORDS, LABELS, TYPES, st.booleans())
def test_it_says_what_is_found(records: list[Record], labels: list[str], type_: int, do: bool) -> None:
    zone = build([soa(), *records])
    name = absolute(".".join(labels) or "@")
    packed = direct(zone, name, type_, "file")
    if packed is None:
        return
    found = find(zone, name, type_, do)
    answer, authority = opened(name, type_, packed)
    folded = [each._replace(rdata=each.rdata.lower()) for each in found.authority]
    assert (answer, [each._replace(rdata=each.rdata.lower()) for each in authority]) == (list(found.answer), folded)
    assert packed[0] == 0x0400 | found.rcode
    assert (found.additional, found.alias, found.authoritative) == ((), None, True)


ZONE = zone_of(
    record("www", "A", IP),
    record("www", "TXT", b"\1x"),
    record("srv", "SRV", bytes(6) + absolute("www")),
    record("alias", "CNAME", "www"),
    record("*.wild", "A", IP),
    record("sub", "NS", "ns.example.net."),
    record("signed", "A", IP),
    record("signed", "RRSIG", b"\0\1"),
)
SIGNED = zone_of(record("@", "RRSIG", b"\0\6"), record("www", "A", IP))


@pytest.mark.parametrize(
    ("zone", "name", "type_", "says"),
    [
        (ZONE, "www", 1, True),
        (ZONE, "www", 28, True),
        (ZONE, "x.y", 1, True),
        (ZONE, "srv", 33, False),
        (ZONE, "alias", 1, False),
        (ZONE, "x.wild", 1, False),
        (ZONE, "x.sub", 1, False),
        (ZONE, "sub", 1, False),
        (ZONE, "signed", 1, False),
        (SIGNED, "www", 1, True),
        (SIGNED, "www", 28, False),
        (SIGNED, "x", 1, False),
    ],
)
def test_it_answers_what_is_the_same_for_all(zone: Zone, name: str, type_: int, says: bool) -> None:
    assert (direct(zone, absolute(name), type_, "file") is not None) == says


def test_the_root_has_no_pointer_but_its_own() -> None:
    zone = build([soa(origin=names.ROOT)], names.ROOT)
    packed = direct(zone, names.from_text("org"), 1, "file")
    assert packed is not None
    _, authority = opened(names.from_text("org"), 1, packed)
    assert [each.owner for each in authority] == [names.ROOT]

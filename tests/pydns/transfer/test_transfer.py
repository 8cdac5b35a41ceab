"""Zones that change step by step, told by IXFR as RFC 1995 has it: what comes out is what the primary has."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from pydns.errors import PydnsError
from pydns.records import Record, Type
from pydns.steps import whole
from pydns.transfer.condense import condensed
from pydns.transfer.incoming import Asked, Incoming, Style
from pydns.zone.zone import Zone
from tests.pydns.transfer.messages import ID, ORIGIN, a, message, ns, soa, split
from tests.pydns.transfer.test_packed import zone_of

NAMES = ["example.org", "www.example.org", "a.b.example.org", "*.example.org", "b.example.org"]
RECORDS = [a(name, address) for name in NAMES for address in (1, 2)] + [ns("b.example.org"), ns("a.b.example.org")]

versions = some.lists(some.frozensets(some.sampled_from(RECORDS)), min_size=2, max_size=6)


def content(zone: Zone) -> set[Record]:
    return {record for rrset in zone.rrsets() for record in rrset.records()}


def told(zones: list[frozenset[Record]]) -> list[Record]:
    """The answer to an IXFR since the first version, which has serial 1."""
    last = soa(len(zones))
    found = [last]
    for serial, (old, new) in enumerate(pairwise(zones), 1):
        found += [soa(serial), *(old - new), soa(serial + 1), *(new - old)]
    return [*found, last]


@given(versions, some.lists(some.integers(1, 5)))
def test_what_changed_leads_to_the_last_version(zones: list[frozenset[Record]], sizes: list[int]) -> None:
    incoming = Incoming(Asked(ORIGIN, ID, 1), lambda *_: None)
    for group in split(told(zones), sizes):
        whole(incoming.take(message(*group, type_=Type.IXFR)))
    assert (incoming.done, incoming.style) == (True, Style.CHANGES)
    removed, added = whole(condensed(incoming.differences))
    found = zone_of(*zones[0]).changed(removed, added)
    assert content(found) == {soa(len(zones)), ns(), *zones[-1]}


@given(versions, some.data())
def test_what_lacks_a_record_or_has_one_too_many_is_seen_or_leads_there(
    zones: list[frozenset[Record]], data: some.DataObject
) -> None:
    """Whatever a broken journal leaves out or says twice, the outcome is a zone with one SOA, or nothing."""
    records = told(zones)
    at = data.draw(some.integers(0, len(records) - 1))
    broken = records[:at] + records[at + 1 :] if data.draw(some.booleans()) else records[: at + 1] + records[at:]
    incoming = Incoming(Asked(ORIGIN, ID, 1), lambda *_: None)
    before = zone_of(*zones[0])
    try:
        whole(incoming.take(message(*broken, type_=Type.IXFR)))
        if not incoming.done or incoming.style is not Style.CHANGES:
            return
        removed, added = whole(condensed(incoming.differences))
        found = before.changed(removed, added)
    except PydnsError:
        return
    finally:
        assert content(before) == {soa(1), ns(), *zones[0]}
    assert found.serial == len(zones)

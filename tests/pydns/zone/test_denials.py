from __future__ import annotations

import gc
import sys
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.dnssec.canonical import order
from pydns.dnssec.nsec3 import Parameters, label
from pydns.records import Record, Type
from pydns.steps import whole
from pydns.zone import denials
from pydns.zone.denials import MAX_ITERATIONS, Denials
from tests.pydns.zone.signed import PARAMETERS, nsec, nsec3, with_nsec, with_nsec3
from tests.pydns.zone.zones import ORIGIN, RECORDS, absolute, build, record, soa

NAMES = st.lists(st.sampled_from(["a", "b", "*", "ns", "www", "z"]), max_size=4).map(lambda each: ".".join(each) or "@")


def of(records: list[Record]) -> Denials:
    found = build(records).denials
    assert found is not None
    return found


@given(RECORDS, NAMES)
def test_the_nsec_ahead_of_a_name_covers_it(records: list[Record], name: str) -> None:
    signed = with_nsec(records)
    owners = {each.owner for each in signed if each.type == Type.NSEC}
    ahead = [owner for owner in owners if order(owner) <= order(absolute(name))]
    assert of(signed).covering(absolute(name)) == max(ahead, key=order)
    assert of(signed).matching(absolute(name)) == (absolute(name) if absolute(name) in owners else None)


@given(RECORDS, NAMES)
def test_the_nsec3_ahead_of_a_hash_covers_it(records: list[Record], name: str) -> None:
    signed = with_nsec3(records)
    owners = {each.owner for each in signed if each.type == Type.NSEC3}
    own = label(PARAMETERS.hash(absolute(name))) + ORIGIN
    ahead = [owner for owner in owners if owner <= own]
    assert of(signed).covering(absolute(name)) == max(ahead or owners)
    assert of(signed).matching(absolute(name)) == (own if own in owners else None)


@pytest.mark.parametrize("sign", [with_nsec, with_nsec3])
@pytest.mark.parametrize("step", [1, 3, 1000])
@given(RECORDS)
def test_it_is_the_same_in_steps_of_any_size(sign: object, step: int, records: list[Record]) -> None:
    signed = sign(records)  # type: ignore[operator]
    expected = of(signed)._names
    with patch.object(denials, "_STEP", step):
        assert of(signed)._names == expected


@pytest.mark.parametrize("sign", [with_nsec, with_nsec3])
@given(RECORDS, RECORDS)
def test_a_changed_zone_has_the_order_of_one_made_anew(sign: object, old: list[Record], new: list[Record]) -> None:
    before, after = (list(dict.fromkeys(sign(records))) for records in (old, new))  # type: ignore[operator]
    zone, expected = build(before), build(after)
    gone, come = set(zone_records(zone)), set(zone_records(expected))
    changed = zone.changed(gone - come, come - gone)
    assert changed.denials is not None
    assert changed.denials._names == expected.denials._names  # type: ignore[union-attr]


def zone_records(zone: object) -> list[Record]:
    return [each for rrset in zone.rrsets() for each in rrset.records()]  # type: ignore[attr-defined]


def test_a_zone_that_is_not_signed_has_none() -> None:
    assert build([soa(), record("www", "A", b"\1\1\1\1")]).denials is None


def test_a_chain_of_other_parameters_does_not_count() -> None:
    other = Parameters(3, b"")
    strange = [each for each in with_nsec3([], other) if each.type == Type.NSEC3]
    assert of(with_nsec3([]) + strange)._names == of(with_nsec3([]))._names


@pytest.mark.parametrize(("iterations", "proves"), [(MAX_ITERATIONS, True), (MAX_ITERATIONS + 1, False)])
def test_hashes_that_take_too_long_are_not_made(iterations: int, proves: bool) -> None:
    assert (build(with_nsec3([], Parameters(iterations))).denials is not None) == proves


def test_a_chain_that_is_not_whole_yet_does_not_count() -> None:
    # RFC 5155 section 4.1.2: flags other than 0 are ignored.
    records = [each for each in with_nsec3([]) if each.type != Type.NSEC3PARAM]
    assert build([*records, Record(ORIGIN, Type.NSEC3PARAM, 1, 0, b"\1\1" + PARAMETERS.rdata[2:])]).denials is None


def test_the_order_is_made_when_it_is_needed() -> None:
    for zone in (nsec(), nsec3()):
        assert zone.denials is not None
        fresh = Denials(zone, zone.denials.hashed)
        assert fresh.covering(absolute("x")) == zone.denials.covering(absolute("x"))


def test_an_order_that_is_not_there_helps_no_other() -> None:
    zone = nsec()
    fresh = Denials(zone, None)
    whole(fresh.ordering_after(Denials(zone, None), []))
    assert zone.denials is not None
    assert fresh._names == zone.denials._names


def test_a_signed_zone_is_freed_at_once() -> None:
    gc.collect()
    gc.disable()
    try:
        zone = nsec()
        (part,) = zone.parts
        del zone
        assert sys.getrefcount(part) == 2  # ours, and the argument
    finally:
        gc.enable()

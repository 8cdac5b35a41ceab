from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.names import from_text
from pydns.records import Record, Type
from pydns.steps import whole
from pydns.transfer.packed import PackedError, Unpacking, packed
from pydns.transfer.soa import read_soa
from pydns.zone.builder import Builder
from pydns.zone.zone import Zone
from tests.pydns.transfer.messages import ORIGIN, a, ns, soa


def zone_of(*records: Record) -> Zone:
    builder = Builder(ORIGIN)
    for record in (soa(1), ns(), *records):
        builder.add(record.owner, record.type, record.ttl, record.rdata)
    return whole(builder.finish())


def unpacked(data: bytes, size: int = 1 << 20, origin: bytes = ORIGIN) -> Zone:
    unpacking = Unpacking(origin)
    for i in range(0, len(data), size):
        whole(unpacking.take(data[i : i + size]))
    return whole(unpacking.finish())


PLAIN = b"".join(packed(zone_of(a("www.example.org"), a("www.example.org", 2), a("a.b.example.org", 3))))

some_records = some.lists(
    some.builds(
        Record,
        some.sampled_from(["example.org", "a.example.org", "x.y.example.org", "*.example.org"]).map(from_text),
        some.sampled_from([int(Type.TXT), 65280]),
        some.just(1),
        some.integers(0, 2**31 - 1),
        some.binary(max_size=300),
    ),
    max_size=30,
)


@given(some_records, some.integers(1, 2000))
def test_a_zone_comes_back_as_it_was(records: list[Record], size: int) -> None:
    zone = zone_of(*records)
    back = unpacked(b"".join(packed(zone)), size)
    assert (set(back.rrsets()), back.records) == (set(zone.rrsets()), zone.records)


def test_a_large_zone_comes_in_many_pieces() -> None:
    zone = zone_of(*(a(f"n{i}.example.org") for i in range(5000)))
    pieces = [*packed(zone)]
    assert len(pieces) > 50
    assert unpacked(b"".join(pieces)).records == zone.records


@pytest.mark.parametrize("length", range(len(PLAIN)))
def test_a_cut_one_is_none(length: int) -> None:
    with pytest.raises(PackedError):
        unpacked(PLAIN[:length])


@given(some.integers(0, len(PLAIN) - 1), some.integers(1, 255))
def test_a_changed_one_is_none(at: int, other: int) -> None:
    changed = bytearray(PLAIN)
    changed[at] ^= other
    with pytest.raises(PackedError):
        unpacked(bytes(changed))


def test_octets_behind_the_end_are_seen() -> None:
    with pytest.raises(PackedError, match="hash"):
        unpacked(PLAIN + b"\0")


def test_another_zone_is_told() -> None:
    with pytest.raises(PackedError, match="another zone"):
        unpacked(PLAIN, origin=from_text("example.net"))


@given(some.binary(max_size=400), some.integers(1, 100))
def test_any_octets_are_read_or_refused(data: bytes, size: int) -> None:
    with pytest.raises(PackedError):
        unpacked(PLAIN[:29] + data, size)


@given(some.integers(30, len(PLAIN) - 17), some.integers(1, 255))
def test_one_that_was_changed_and_hashed_again_is_none_or_a_zone(at: int, other: int) -> None:
    changed = bytearray(PLAIN[:-16])
    changed[at] ^= other
    try:
        zone = unpacked(bytes(changed) + blake2b(changed, digest_size=16).digest())
    except PackedError:
        return
    read_soa(zone.soa.rdatas[0])


SOA_AT = PLAIN.index(soa(1).rdata)


@pytest.mark.parametrize("at", [SOA_AT, PLAIN.index(b"\1a\1b")])
def test_what_names_are_none_in_is_told(at: int) -> None:
    changed = bytearray(PLAIN[:-16])
    changed[at] = 63
    with pytest.raises(PackedError, match=r"its SOA record is none|a name that is none"):
        unpacked(bytes(changed) + blake2b(changed, digest_size=16).digest())


def test_large_rrsets_take_as_many_steps_as_they_have_records() -> None:
    zone = zone_of(*(a(f"n{i}.example.org", j) for i in range(10) for j in range(255)))
    pieces = [*packed(zone)]
    assert len(pieces) >= 10
    assert sum(1 for _ in Unpacking(ORIGIN).take(b"".join(pieces))) >= 5

"""What becomes of packed answers on their way through plugins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.packed import FREE, MOST_TTL, Packed, Passage


def packed(*ttls: int, denial: bool = False) -> Packed:
    """One A record for each TTL, or as a denial a SOA for each."""
    records = b"".join(b"\xc0\x0c\0\1\0\1" + ttl.to_bytes(4) + b"\0\4\xc0\0\2\1" for ttl in ttls)
    return (0x0403, 0, len(ttls), records, "hosts") if denial else (0x0400, len(ttls), 0, records, "hosts")


@pytest.mark.parametrize(
    ("passage", "found", "expected"),
    [
        (FREE, packed(60, 70), packed(60, 70)),
        (Passage(most=30), packed(60), packed(30)),
        (Passage(most=30), packed(20), packed(20)),
        (Passage(least=5), packed(0), packed(5)),
        (Passage(most=30), packed(60, denial=True), packed(60, denial=True)),
        (Passage(denial_most=30), packed(60, denial=True), packed(30, denial=True)),
        (Passage(denial_least=5), packed(1, denial=True), packed(5, denial=True)),
        (Passage(denial_most=30), packed(60), packed(60)),
        (Passage(most=30), packed(), packed()),
        (Passage(most=30), packed(20, 20), None),
        (Passage(missing=False), packed(60, 60), packed(60, 60)),
        (Passage(missing=False), packed(60, denial=True), None),
        (Passage(missing=False).after(Passage(most=30)), packed(60), packed(30)),
        (Passage(most=30).after(Passage(missing=False)), packed(60, denial=True), None),
        (Passage(records=1), packed(60), packed(60)),
        (Passage(records=1), packed(60, 60), None),
        (Passage(records=2), packed(60, 60), packed(60, 60)),
    ],
)
def test_ttls_are_bounded_and_what_must_be_seen_is_none(passage: Passage, found: Packed, expected: Packed) -> None:
    assert passage.through(found) == expected


_bounds = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted)


@given(_bounds, _bounds, st.integers(0, 120), st.booleans())
def test_through_two_plugins_is_through_the_lower_one_first(
    upper: list[int], lower: list[int], ttl: int, denial: bool
) -> None:
    above, below = Passage(*upper, *upper), Passage(*lower, *lower)
    first = below.through(packed(ttl, denial=denial))
    assert first is not None
    assert above.after(below).through(packed(ttl, denial=denial)) == above.through(first)


def test_what_is_free_stays_as_it_is_behind_another() -> None:
    bounded = Passage(least=3, most=9, records=1)
    assert FREE.after(bounded) == bounded.after(FREE)._replace(denial_most=MOST_TTL) == bounded

"""Several differences as one, by a model that does them one after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.records import Record
from pydns.transfer.condense import condensed
from pydns.transfer.errors import MismatchError
from pydns.transfer.incoming import Difference
from tests.pydns.transfer.messages import a, all_steps, soa

RECORDS = [a(f"{name}.example.org", address, ttl) for name in "ab" for address in (1, 2) for ttl in (60, 300)]
by_key = {record: (record.owner, record.rdata) for record in RECORDS}


def apply(zone: dict[tuple[bytes, bytes], Record], difference: Difference) -> bool:
    for record in difference.removed:
        if zone.pop((record.owner, record.rdata), None) is None:
            return False
    for record in difference.added:
        if (record.owner, record.rdata) in zone:
            return False
        zone[record.owner, record.rdata] = record
    return True


some_records = some.lists(some.sampled_from(RECORDS), max_size=4, unique_by=lambda record: by_key[record])


@given(some_records, some.lists(some.builds(Difference, some_records, some_records), max_size=5))
def test_one_step_does_what_many_do(begin: list[Record], differences: list[Difference]) -> None:
    model = {by_key[record]: record for record in begin}
    fits = all(apply(model, difference) for difference in differences)
    if not fits:
        return
    zone = {by_key[record]: record for record in begin}
    assert apply(zone, all_steps(condensed(differences)))
    assert zone == model


@pytest.mark.parametrize(
    "difference",
    [Difference([a("x.example.org")] * 2, []), Difference([], [a("x.example.org")] * 2)],
    ids=["goes", "comes"],
)
def test_what_comes_or_goes_twice_does_not_fit(difference: Difference) -> None:
    with pytest.raises(MismatchError, match="twice"):
        all_steps(condensed([difference]))


def test_the_soa_in_between_is_left_out() -> None:
    steps = [Difference([soa(1)], [soa(2)]), Difference([soa(2)], [soa(3)])]
    assert all_steps(condensed(steps)) == Difference([soa(1)], [soa(3)])


def test_what_is_left_is_gathered_in_steps() -> None:
    records = [a(f"h{i}.example.org") for i in range(10_000)]
    assert sum(1 for _ in condensed([Difference(records, [])])) == 10  # five to read them

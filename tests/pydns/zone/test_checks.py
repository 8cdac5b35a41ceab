"""What makes no sense in a zone; the golden cases of `test_inspection` say what is found."""

from __future__ import annotations

from pydns.zone.checks import checking
from tests.pydns.zone.zones import record, zone_of


def test_names_are_looked_at_few_at_a_time() -> None:
    zone = zone_of(*(record(f"h{i}", "A", bytes(4)) for i in range(1000)))
    assert sum(1 for _ in checking(zone, 0)) == 1001 // 25

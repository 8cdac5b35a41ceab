"""What queries beside a flood tell."""

import math

import pytest

from benchmarks.asker import Asked
from benchmarks.measuring.overload import NORMAL, is_normal, told

KEPT, FRESH = "name00001.bench.example", "fresh00009.bench.example"
DURING, AFTER = 5.0, 14.5  # the flood is from 2 to 12


@pytest.mark.parametrize(
    ("waited", "rcode", "normal"),
    [(0.001, 0, True), (NORMAL, 0, True), (2 * NORMAL, 0, False), (0.001, 2, False), (math.nan, -1, False)],
    ids=["soon", "just", "late", "SERVFAIL", "lost"],
)
def test_normal_is_soon_and_without_an_error(waited: float, rcode: int, normal: bool) -> None:
    assert is_normal(Asked(KEPT, DURING, waited, rcode)) is normal


def test_only_kept_names_have_latencies() -> None:
    figures = told([Asked(KEPT, DURING, 0.010, 0), Asked(FRESH, DURING, 0.900, 0)])
    assert (figures["kept_p50_milliseconds"], figures["kept_p99_milliseconds"]) == (10.0, 10.0)


def test_what_was_asked_before_the_flood_has_none() -> None:
    assert math.isnan(told([Asked(KEPT, 1.0, 0.010, 0)])["kept_p50_milliseconds"])


def test_lost_ones_are_counted_by_their_kind() -> None:
    figures = told([Asked(KEPT, DURING), Asked(KEPT, DURING), Asked(FRESH, DURING)])
    assert (figures["kept_lost"], figures["fresh_lost"]) == (2, 1)


@pytest.mark.parametrize(
    ("late", "seconds"),
    [
        ([Asked(KEPT, AFTER)], 3.0),
        ([Asked(FRESH, AFTER, 1.0, 0)], 3.0),
        ([Asked(KEPT, AFTER), Asked(KEPT, 13.0)], 3.0),
        ([Asked(KEPT, AFTER, 0.001, 2)] + [Asked(KEPT, AFTER, 0.001, 0)] * 19, 0.0),
        ([Asked(KEPT, AFTER, 0.001, 2)] * 2 + [Asked(KEPT, AFTER, 0.001, 0)] * 19, 3.0),
        ([], 0.0),
    ],
    ids=["lost", "late", "the last counts", "one of twenty", "more", "none"],
)
def test_all_is_normal_after_the_last_slice_that_is_not(late: list[Asked], seconds: float) -> None:
    soon = [Asked(KEPT, 13.6, 0.001, 0), Asked(FRESH, 20.0, 0.001, 0)]
    assert told([*late, *soon])["seconds_until_normal"] == seconds

import pytest

from pydns.zone.master.spelling import SpellingError
from pydns.zone.master.ttl import period


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        (b"0", 0),
        (b"3600", 3600),
        (b"1h", 3600),
        (b"1H30m", 5400),
        (b"1w2d3h4m5s", 788_645),
        (b"5s1d", 86_405),
        (b"4294967295", 4_294_967_295),
    ],
)
def test_times_are_seconds_or_have_units(word: bytes, seconds: int) -> None:
    assert period(word) == seconds


@pytest.mark.parametrize(
    "word", [b"", b"x", b"-1", b"1h30", b"1y", b"1.5h", b"4294967296", b"9999999w", b"1" * 5000, b"1s" * 5000, b"1_0"]
)
def test_others_are_none(word: bytes) -> None:
    with pytest.raises(SpellingError):
        period(word)

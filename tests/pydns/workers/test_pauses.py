import pytest

from pydns.workers.pauses import Pauses


@pytest.mark.parametrize(
    ("lived", "pauses"),
    [
        ([5], [0]),
        ([500], [0]),
        ([5, 5, 5, 5], [0, 1, 2, 4]),
        ([5, 5, 5, 61, 5], [0, 1, 2, 0, 1]),
        ([0] * 9, [0, 1, 2, 4, 8, 16, 32, 60, 60]),
    ],
)
def test_who_dies_again_and_again_is_replaced_later_and_later(lived: list[float], pauses: list[float]) -> None:
    found = Pauses()
    assert [found.next(1, seconds) for seconds in lived] == pauses


def test_each_number_has_its_own() -> None:
    found = Pauses()
    assert [found.next(number, 1) for number in (1, 1, 2, 2)] == [0, 1, 0, 1]

import pytest

from pydns.upstream.counts import BOUNDS, Counts


def test_what_is_taken_begins_at_zero_again() -> None:
    counts = Counts()
    counts.junk += 2
    assert counts.take().junk == 2
    assert counts.take().junk == 0


@pytest.mark.parametrize(("seconds", "bucket"), [
    (0.0, 0), (0.00025, 0), (0.0003, 1), (8.192, 15), (9.0, 16),
])  # fmt: skip
def test_an_answer_falls_into_the_bucket_of_its_time(seconds: float, bucket: int) -> None:
    counts = Counts()
    counts.answered(0, seconds)
    assert counts.answers[0].counts == [int(place == bucket) for place in range(len(BOUNDS) + 1)]
    assert counts.answers[0].total == seconds


def test_answers_are_counted_by_their_rcode_and_taken_once() -> None:
    counts = Counts()
    for rcode in (0, 3, 3):
        counts.answered(rcode, 0.001)
    assert {rcode: sum(durations.counts) for rcode, durations in counts.take().answers.items()} == {0: 1, 3: 2}
    assert counts.take().answers == {}

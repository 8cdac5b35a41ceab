from pydns.upstream.counts import Counts


def test_what_is_taken_begins_at_zero_again() -> None:
    counts = Counts()
    counts.junk += 2
    assert counts.take().junk == 2
    assert counts.take().junk == 0

"""How popularity is counted."""

import pytest
import trio

from pydns_plugins.cache.popularity import Popularity


@pytest.mark.parametrize(
    ("times", "count"),
    [((), 0), ((100,), 1), ((100, 110, 120), 3), ((100, 110, 171), 1), ((100, 160, 220), 3), ((100, 161, 170), 2)],
)
def test_a_gap_begins_the_count_anew(times, count):
    popularity = Popularity(60)
    for time in times:
        popularity.asked(time)
    assert popularity.count == count


async def test_a_replay_is_an_asking(autojump_clock):
    popularity = Popularity(60)
    popularity.asked(trio.current_time())
    popularity.counter(b"", None, b"")(1)
    await trio.sleep(30)
    popularity.counter(b"", None, b"")(1)
    assert (popularity.count, popularity.last) == (3, trio.current_time())


async def test_replays_before_a_gap_count_no_more_behind_it(autojump_clock):
    popularity = Popularity(60)
    popularity.asked(trio.current_time())
    await trio.sleep(61)
    popularity.counter(b"", None, b"")(7)
    assert (popularity.count, popularity.last) == (0, trio.current_time())

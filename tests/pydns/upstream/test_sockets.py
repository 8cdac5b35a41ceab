from collections import Counter
from itertools import islice

import trio

from pydns.upstream.sockets import Sockets, random_ids, random_octets


def test_ids_are_two_octets_and_spread_over_all_values() -> None:
    # RFC 5452 section 9.2
    ids = list(islice(random_ids(), 20_000))
    assert {len(identity) for identity in ids} == {2}
    assert len(set(ids)) > 16_000  # of 65,536 that many differ in 20,000 draws, but for one chance in billions
    assert len({identity[0] for identity in ids}) == 256


def test_octets_are_spread_evenly() -> None:
    counts = Counter(islice(random_octets(), 256 * 100))
    assert len(counts) == 256
    assert max(counts.values()) < 200


async def test_closed_sockets_are_not_ready() -> None:
    sockets = Sockets()
    assert not sockets.ready
    sockets.open()
    assert sockets.ready
    sockets.shut()
    assert not sockets.ready


async def test_the_sweep_tidies_while_nothing_is_awaited(autojump_clock: trio.testing.MockClock) -> None:
    times: list[float] = []
    sockets = Sockets()
    sockets.tidies.append(times.append)
    sockets.open()
    with trio.move_on_after(3.5):
        await sockets.run()
    sockets.shut()
    assert len(times) == 3

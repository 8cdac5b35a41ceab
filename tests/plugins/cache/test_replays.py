"""What the packet cache may replay of this cache's answers, and how that is counted."""

from pydns.records import Rcode
from pydns.reply import Reply


async def test_what_came_from_below_is_not_replayed(kit, autojump_clock):
    """Who asks next has the cache's answer, and is counted so."""
    cache, below = kit.make(), kit.Below(Reply((kit.a(10),)))
    assert not (await cache.serve(kit.question(), below)).replay
    assert (await cache.serve(kit.question(), below)).replay


async def test_after_a_reload_the_new_cache_counts(kit, autojump_clock):
    """Also replays of an answer that the one before gave within the same second."""
    old, new, below = kit.make(), kit.make(), kit.Below(Reply((kit.a(10),)))
    for _ in range(2):
        await old.serve(kit.question(), below)
    new.inherit(old)
    reply = await new.serve(kit.question(), below)
    reply.counters[0](b"", None, b"")(3)
    assert new.counts[""].success_hits == 4


async def test_replays_of_what_is_not_kept_are_misses(kit, autojump_clock):
    cache = kit.make()
    reply = await cache.serve(kit.question(), kit.Below(Reply(rcode=Rcode.NXDOMAIN).replace(lifetime=5)))
    reply.counters[0](b"", None, b"")(3)
    assert cache.counts[""].misses == 4

"""The metrics, by CoreDNS's names."""

import trio

from pydns.reply import Reply


def read(cache):
    """Name and label values to number, of the cache's metrics."""
    return {
        (metric.name, *values): number
        for metric in cache.house.metrics.read()
        for values, number in metric.values.items()
        if number
    }


async def test_what_is_counted(kit, nursery, autojump_clock):
    cache = kit.make("cache example.org\nsuccess 1\nserve_stale\nprefetch 1")
    await nursery.start(cache.run)
    below = kit.Below(lambda query: Reply((kit.a(20, owner=query.name),)))
    await cache.serve(kit.question(), below)  # a miss
    await cache.serve(kit.question(), below)  # a hit
    await cache.serve(kit.question("a.example.org"), below)  # a miss, evicts
    await cache.serve(kit.question("b.example.org"), kit.Below(kit.nxdomain()))  # a miss
    reply = await cache.serve(kit.question("b.example.org"), below)  # a hit
    reply.counters[0](b"", None, b"")(1)  # a replay
    await trio.sleep(21)
    await cache.serve(kit.question("a.example.org"), below)  # a stale hit, with a refresh
    await cache.serve(kit.question("other.net"), below)  # not ours
    zone = "example.org."
    found = read(cache)
    octets = {key: found.pop(key) for key in list(found) if key[0] == "pydns_cache_bytes"}
    assert found == {
        ("coredns_cache_requests_total", zone): 7,
        ("coredns_cache_hits_total", "success", zone): 2,
        ("coredns_cache_hits_total", "denial", zone): 2,
        ("coredns_cache_misses_total", zone): 3,
        ("coredns_cache_prefetch_total", zone): 1,
        ("coredns_cache_served_stale_total", zone): 1,
        ("coredns_cache_evictions_total", "success", zone): 1,
        ("coredns_cache_entries", "success", zone): 1,
        ("coredns_cache_entries", "denial", zone): 1,
    }
    assert octets == {
        ("pydns_cache_bytes", "success", zone): cache.keeper.success.bytes,
        ("pydns_cache_bytes", "denial", zone): cache.keeper.denial.bytes,
    }


async def test_reading_twice_counts_once(kit, nursery, autojump_clock):
    cache = kit.make()
    await nursery.start(cache.run)
    await cache.serve(kit.question(), kit.Below(Reply((kit.a(),))))
    assert read(cache) == read(cache)


async def test_a_reload_neither_doubles_nor_loses(kit, autojump_clock):
    old, new, below = kit.make(), kit.make(), kit.Below(Reply((kit.a(),)))
    new.house = old.house
    async with trio.open_nursery() as olds, trio.open_nursery() as news:
        await olds.start(old.run)
        await old.serve(kit.question(), below)
        new.inherit(old)
        await news.start(new.run)
        await new.serve(kit.question(), below)
        expected = {
            ("coredns_cache_requests_total", "."): 2,
            ("coredns_cache_misses_total", "."): 1,
            ("coredns_cache_hits_total", "success", "."): 1,
            ("coredns_cache_entries", "success", "."): 1,
            ("pydns_cache_bytes", "success", "."): new.keeper.success.bytes,
        }
        assert read(new) == expected
        olds.cancel_scope.cancel()
        await trio.lowlevel.checkpoint()
        news.cancel_scope.cancel()
    gone = ("coredns_cache_entries", "success", "."), ("pydns_cache_bytes", "success", ".")
    assert read(new) == {key: number for key, number in expected.items() if key not in gone}


async def test_two_caches_of_the_same_zones_add_up(kit, nursery, autojump_clock):
    one, other = kit.make(), kit.make()
    other.house = one.house
    for cache in (one, other):
        await nursery.start(cache.run)
        await cache.serve(kit.question(), kit.Below(Reply((kit.a(),))))
    assert read(one)["coredns_cache_entries", "success", "."] == 2


async def test_drops_are_answers_to_other_questions(kit, nursery, autojump_clock):
    from pydns.wire.message import pack

    cache = kit.make()
    await nursery.start(cache.run)
    other = pack(kit.question("other").wire[12:], Reply())
    await cache.serve(kit.question(), kit.Below(Reply(wire=other)))
    assert read(cache)["coredns_cache_drops_total", "."] == 1


async def test_after_a_reload_that_failed_the_old_one_counts_its_entries_again(kit, nursery, autojump_clock):
    old, new = kit.make(), kit.make()
    new.house = old.house
    await nursery.start(old.run)
    await old.serve(kit.question(), kit.Below(Reply((kit.a(),))))
    new.inherit(old)
    async with trio.open_nursery() as news:
        await news.start(new.run)
        news.cancel_scope.cancel()
    assert read(old)["coredns_cache_entries", "success", "."] == 1

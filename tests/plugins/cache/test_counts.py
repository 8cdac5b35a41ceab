"""The metrics, by CoreDNS's names and labels."""

import trio

from pydns.reply import Reply

SERVER, OTHER = "dns://127.0.0.1:53", "dns://[::1]:53"


def question(kit, name="www.example.org", server=SERVER):
    return kit.question(name, server=server)


def read(cache):
    """Name and label values (without the view, which is empty) to number, of the cache's metrics."""
    found = {}
    for metric in cache.house.metrics.read():
        assert metric.labels[-1] == "view"
        found |= {(metric.name, *labels): number for (*labels, view), number in metric.values.items() if number}
    return found


async def test_what_is_counted(kit, nursery, autojump_clock):
    cache = kit.make("cache example.org\nsuccess 1\nserve_stale\nprefetch 1")
    await nursery.start(cache.run)
    below = kit.Below(lambda query: Reply((kit.a(20, owner=query.name),)))
    await cache.serve(question(kit), below)  # a miss
    await cache.serve(question(kit), below)  # a hit
    await cache.serve(question(kit, "a.example.org"), below)  # a miss, evicts
    await cache.serve(question(kit, "b.example.org"), kit.Below(kit.nxdomain()))  # a miss
    reply = await cache.serve(question(kit, "b.example.org"), below)  # a hit
    reply.counters[0](b"", None, b"")(1)  # a replay
    await trio.sleep(21)
    await cache.serve(question(kit, "a.example.org"), below)  # a stale hit, with a refresh
    await cache.serve(question(kit, "other.net"), below)  # not ours
    zone = "example.org."
    found = read(cache)
    octets = {key: found.pop(key) for key in list(found) if key[0] == "pydns_cache_bytes"}
    assert found == {
        ("coredns_cache_requests_total", SERVER, zone): 7,
        ("coredns_cache_hits_total", SERVER, "success", zone): 2,
        ("coredns_cache_hits_total", SERVER, "denial", zone): 2,
        ("coredns_cache_misses_total", SERVER, zone): 3,
        ("coredns_cache_prefetch_total", SERVER, zone): 1,
        ("coredns_cache_served_stale_total", SERVER, zone): 1,
        ("coredns_cache_evictions_total", SERVER, "success", zone): 1,
        ("coredns_cache_entries", SERVER, "success", zone): 1,
        ("coredns_cache_entries", SERVER, "denial", zone): 1,
    }
    assert octets == {
        ("pydns_cache_bytes", SERVER, "success", zone): cache.keeper.success.bytes,
        ("pydns_cache_bytes", SERVER, "denial", zone): cache.keeper.denial.bytes,
    }


async def test_reading_twice_counts_once(kit, nursery, autojump_clock):
    cache = kit.make()
    await nursery.start(cache.run)
    await cache.serve(question(kit), kit.Below(Reply((kit.a(),))))
    assert read(cache) == read(cache)


async def test_a_reload_neither_doubles_nor_loses(kit, autojump_clock):
    old, new, below = kit.make(), kit.make(), kit.Below(Reply((kit.a(),)))
    new.house = old.house
    async with trio.open_nursery() as olds, trio.open_nursery() as news:
        await olds.start(old.run)
        await old.serve(question(kit), below)
        new.inherit(old)
        await news.start(new.run)
        await new.serve(question(kit), below)
        expected = {
            ("coredns_cache_requests_total", SERVER, "."): 2,
            ("coredns_cache_misses_total", SERVER, "."): 1,
            ("coredns_cache_hits_total", SERVER, "success", "."): 1,
            ("coredns_cache_entries", SERVER, "success", "."): 1,
            ("pydns_cache_bytes", SERVER, "success", "."): new.keeper.success.bytes,
        }
        assert read(new) == expected
        olds.cancel_scope.cancel()
        await trio.lowlevel.checkpoint()
        news.cancel_scope.cancel()
    gone = ("coredns_cache_entries", SERVER, "success", "."), ("pydns_cache_bytes", SERVER, "success", ".")
    assert read(new) == {key: number for key, number in expected.items() if key not in gone}


async def test_two_caches_of_the_same_zones_add_up(kit, nursery, autojump_clock):
    one, other = kit.make(), kit.make()
    other.house = one.house
    for cache in (one, other):
        await nursery.start(cache.run)
        await cache.serve(question(kit), kit.Below(Reply((kit.a(),))))
    assert read(one)["coredns_cache_entries", SERVER, "success", "."] == 2


async def test_drops_are_answers_to_other_questions(kit, nursery, autojump_clock):
    from pydns.wire.message import pack

    cache = kit.make()
    await nursery.start(cache.run)
    other = pack(kit.question("other").wire[12:], Reply())
    await cache.serve(question(kit), kit.Below(Reply(wire=other)))
    assert read(cache)["coredns_cache_drops_total", SERVER, "."] == 1


async def test_after_a_reload_that_failed_the_old_one_counts_its_entries_again(kit, nursery, autojump_clock):
    old, new = kit.make(), kit.make()
    new.house = old.house
    await nursery.start(old.run)
    await old.serve(question(kit), kit.Below(Reply((kit.a(),))))
    new.inherit(old)
    async with trio.open_nursery() as news:
        await news.start(new.run)
        news.cancel_scope.cancel()
    assert read(old)["coredns_cache_entries", SERVER, "success", "."] == 1


async def test_each_server_has_its_own_counts(kit, nursery, autojump_clock):
    cache, below = kit.make(), kit.Below(lambda query: Reply((kit.a(owner=query.name),)))
    await nursery.start(cache.run)
    await cache.serve(question(kit), below)
    await cache.serve(question(kit, "b.example.org", OTHER), below)
    reply = await cache.serve(question(kit, server=OTHER), below)
    reply.counters[0](b"", None, b"")(5)
    sizes = {server: octets for server, (_, octets) in cache.keeper.success.held.items()}
    assert read(cache) == {
        ("coredns_cache_requests_total", SERVER, "."): 1,
        ("coredns_cache_misses_total", SERVER, "."): 1,
        ("coredns_cache_entries", SERVER, "success", "."): 1,
        ("pydns_cache_bytes", SERVER, "success", "."): sizes[SERVER],
        ("coredns_cache_requests_total", OTHER, "."): 7,
        ("coredns_cache_misses_total", OTHER, "."): 1,
        ("coredns_cache_hits_total", OTHER, "success", "."): 6,
        ("coredns_cache_entries", OTHER, "success", "."): 1,
        ("pydns_cache_bytes", OTHER, "success", "."): sizes[OTHER],
    }


async def test_replays_are_credited_to_the_server_that_they_leave_from(kit, nursery, autojump_clock):
    """One entry, and within one second of its age replies for two servers."""
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    await nursery.start(cache.run)
    await cache.serve(question(kit), below)
    for server in (SERVER, OTHER, SERVER):
        reply = await cache.serve(question(kit, server=server), below)
        reply.counters[0](b"", None, b"")(10)
    found = read(cache)
    assert found["coredns_cache_hits_total", SERVER, "success", "."] == 22
    assert found["coredns_cache_hits_total", OTHER, "success", "."] == 11


async def test_an_entry_that_was_kept_before_a_reload_is_counted_under_its_server(kit, nursery, autojump_clock):
    old, new = kit.make(), kit.make()
    await old.serve(question(kit), kit.Below(Reply((kit.a(),))))
    new.inherit(old)
    await nursery.start(new.run)
    assert read(new)["coredns_cache_entries", SERVER, "success", "."] == 1

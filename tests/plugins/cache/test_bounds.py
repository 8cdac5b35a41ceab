"""How much is kept, and who goes for it."""

import pytest

from pydns.records import Rcode, Type
from pydns.reply import Reply


async def test_the_bound_of_entries_is_kept(kit, autojump_clock):
    cache = kit.make("cache\nsuccess 3")
    below = kit.Below(lambda query: Reply((kit.a(owner=query.name),)))
    for i in range(5):
        await cache.serve(kit.question(f"n{i}.example.org"), below)
    assert len(cache.keeper.success) == 3
    assert cache.counts[""].success_evictions == 2
    await cache.serve(kit.question("n4.example.org"), below)
    assert len(below.asked) == 5
    await cache.serve(kit.question("n0.example.org"), below)
    assert len(below.asked) == 6


@pytest.mark.parametrize("reply", [Reply(), Reply(rcode=Rcode.SERVFAIL, by="x")], ids=["success", "denial"])
async def test_what_is_asked_for_stays_when_the_store_is_full(kit, autojump_clock, reply):
    cache, below = kit.make("cache\nsuccess 2\ndenial 2"), kit.Below(reply)
    for name in ("old", "other", "old", "new", "old"):
        await cache.serve(kit.question(name), below)
    assert len(below.asked) == 3


async def test_the_bound_of_octets_is_kept(kit, autojump_clock):
    from pydns.records import Record

    cache = kit.make("cache\nbytes 128KiB")
    below = kit.Below(lambda query: Reply((Record(query.name, Type.TXT, 1, 300, bytes(10_000)),)))
    for i in range(50):
        await cache.serve(kit.question(f"n{i}.example.org", Type.TXT), below)
    assert cache.keeper.success.bytes <= 128 * 1024
    assert 5 <= len(cache.keeper.success) <= 13


async def test_a_flood_of_denials_leaves_the_answers(kit, autojump_clock):
    cache = kit.make("cache\ndenial 10")
    answer = kit.Below(Reply((kit.a(),)))
    await cache.serve(kit.question(), answer)
    for i in range(100):
        await cache.serve(kit.question(f"n{i}.example.org"), kit.Below(kit.nxdomain()))
    await cache.serve(kit.question(), answer)
    assert len(answer.asked) == 1

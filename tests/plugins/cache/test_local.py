"""Answers that a source gives from memory are as quick as kept ones, and are not kept."""

import pytest

from pydns.reply import Reply


def local(reply: Reply) -> Reply:
    reply.local = True
    return reply


async def test_an_answer_from_memory_is_not_kept(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(local(Reply((kit.a(),))))
    for _ in range(2):
        await cache.serve(kit.question(), below)
    assert (len(below.asked), len(cache.keeper.success)) == (2, 0)


async def test_it_is_neither_a_hit_nor_a_miss(kit, autojump_clock):
    cache = kit.make()
    await cache.serve(kit.question(), kit.Below(local(Reply((kit.a(),)))))
    assert (cache.counts[""].success_hits, cache.counts[""].misses) == (0, 0)


@pytest.mark.parametrize(("options", "ttl", "seen"), [
    ("cache 30", 3600, 30),
    ("cache", 300, 300),
    ("cache\nsuccess 100 3600 60", 5, 60),
])  # fmt: skip
async def test_its_ttls_are_bounded_as_those_of_others(kit, autojump_clock, options, ttl, seen):
    cache = kit.make(options)
    reply = await cache.serve(kit.question(), kit.Below(local(Reply((kit.a(ttl),)))))
    assert [record.ttl for record in reply.answer] == [seen]


async def test_the_ttls_of_its_denial_are_those_of_denials(kit, autojump_clock):
    cache = kit.make("cache\ndenial 100 10")
    denial = local(kit.nxdomain(300, 300))
    reply = await cache.serve(kit.question(), kit.Below(denial))
    assert [record.ttl for record in reply.authority] == [10]

"""The plugin as a chain sees it: hits, ageing, what is shared and what is not."""

import pytest
import trio

from pydns import names
from pydns.records import Rcode, Type
from pydns.reply import Reply
from pydns_plugins.cache import Cache

HOST = names.from_text("host.example.net")


async def test_a_second_question_is_answered_without_the_chain(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),), flags=Reply.AA, by="file"))
    first = await cache.serve(kit.question(), below)
    second = await cache.serve(kit.question(), below)
    assert len(below.asked) == 1
    assert first.by == "file"
    assert second.by == "cache"
    assert second.flags == Reply.AA
    assert first.wire == second.wire


async def test_an_upstreams_octets_are_kept_as_they_came(kit, autojump_clock):
    from pydns.wire.message import pack

    cache, query = kit.make(), kit.question()
    wire = pack(query.wire[12:], Reply((kit.cname(HOST), kit.a(300, HOST)), flags=Reply.RA))
    below = kit.Below(Reply(wire=wire, flags=Reply.RA))
    await cache.serve(query, below)
    reply = await cache.serve(kit.question(), below)
    assert reply.wire == wire
    assert len(below.asked) == 1


async def test_ttls_go_down_with_the_seconds(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(300), kit.a(100))))
    await cache.serve(kit.question(), below)
    await trio.sleep(12.9)
    reply = await cache.serve(kit.question(), below)
    assert kit.ttls(reply) == [288, 88]
    assert reply.why == "kept 12 s ago, 88 s left"
    assert reply.ages


async def test_an_answer_ends_with_its_ttl_and_not_before(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(10),)))
    await cache.serve(kit.question(), below)
    await trio.sleep(9.99)
    assert kit.ttls(await cache.serve(kit.question(), below)) == [1]
    await trio.sleep(0.01)
    assert kit.ttls(await cache.serve(kit.question(), below)) == [10]
    assert len(below.asked) == 2


async def test_the_time_of_day_has_no_part_in_it(kit, autojump_clock, monkeypatch):
    cache, below = kit.make(), kit.Below(Reply((kit.a(100),)))
    await cache.serve(kit.question(), below)
    monkeypatch.setattr("time.time", lambda: 0.0)
    await trio.sleep(30)
    assert kit.ttls(await cache.serve(kit.question(), below)) == [70]


async def test_keepttl_shows_the_first_ttl_until_the_end(kit, autojump_clock):
    cache, below = kit.make("cache\nkeepttl"), kit.Below(Reply((kit.a(10),)))
    await cache.serve(kit.question(), below)
    await trio.sleep(9)
    reply = await cache.serve(kit.question(), below)
    assert kit.ttls(reply) == [10]
    assert not reply.ages
    await trio.sleep(1)
    await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


async def test_the_first_client_sees_the_cap_too(kit, autojump_clock):
    cache, below = kit.make("cache 10"), kit.Below(Reply((kit.a(300),), by="hosts"))
    reply = await cache.serve(kit.question(), below)
    assert kit.ttls(reply) == [10]
    assert reply.by == "hosts"


async def test_denials_have_a_cap_of_their_own(kit, autojump_clock):
    cache, below = kit.make("cache\ndenial 100 20"), kit.Below(kit.nxdomain(300))
    await cache.serve(kit.question(), below)
    await trio.sleep(19)
    reply = await cache.serve(kit.question(), below)
    assert reply.rcode == Rcode.NXDOMAIN
    assert kit.ttls(reply) == [1]
    await trio.sleep(1)
    await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


async def test_names_outside_of_the_zones_pass_by(kit, autojump_clock):
    cache, below = kit.make("cache example.net"), kit.Below(Reply((kit.a(),)))
    for _ in range(2):
        await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"cd": True}, {"cd": False}),
        ({"do": True}, {"do": False}),
        ({"options": ((8, b"\0\1\x18\0\xc0\0\2"),)}, {"options": ((8, b"\0\1\x18\0\xc6\x33\x64"),)}),
        ({"class_": 1}, {"class_": 3}),
    ],
)
async def test_different_questions_do_not_share(kit, autojump_clock, one, other):
    def numbered(query):
        return Reply((kit.a(address=bytes((10, 0, 0, len(below.asked))))._replace(class_=query.class_),))

    cache, below = kit.make(), kit.Below(numbered)
    answers = [(await cache.serve(kit.question(**fields), below)).wire[-4:] for fields in (one, other, one, other)]
    assert answers == [b"\x0a\0\0\1", b"\x0a\0\0\2"] * 2


async def test_another_spelling_shares(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    await cache.serve(kit.question("www.example.org"), below)
    await cache.serve(kit.question("WWW.Example.Org"), below)
    assert len(below.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(flags=Reply.TC),
        Reply(rcode=Rcode.REFUSED),
        Reply.failure(0, "too many queries", rcode=Rcode.REFUSED),
        Reply.failure(14, "not loaded yet"),
        Reply.drop("erratic"),
        Reply(rcode=Rcode.NXDOMAIN),
    ],
    ids=["cut", "refused", "overload", "not ready", "dropped", "NXDOMAIN without SOA"],
)
async def test_what_is_never_kept(kit, autojump_clock, reply):
    cache, below = kit.make("cache\nservfail 5m"), kit.Below(reply)
    for _ in range(3):
        given = await cache.serve(kit.question(), below)
        assert (given.rcode, given.flags, given.answer) == (reply.rcode, reply.flags, reply.answer)
    assert len(below.asked) == 3


async def test_a_servfail_with_a_lifetime_of_zero_is_an_overload_and_not_kept(kit, autojump_clock):
    reply = kit.servfail()
    reply.lifetime = 0
    cache, below = kit.make(), kit.Below(reply)
    for _ in range(2):
        await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


async def test_a_lifetime_bounds_what_the_ttls_say(kit, autojump_clock):
    reply = Reply((kit.a(300),))
    reply.lifetime = 20
    cache, below = kit.make(), kit.Below(reply)
    await cache.serve(kit.question(), below)
    await trio.sleep(20)
    await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


@pytest.mark.parametrize("type_", [Type.AXFR, Type.IXFR, Type.TKEY, Type.TSIG])
async def test_transfers_and_keys_pass_by(kit, autojump_clock, type_):
    cache, below = kit.make(), kit.Below(Reply())
    for _ in range(2):
        await cache.serve(kit.question(type_=type_), below)
    assert len(below.asked) == 2
    assert cache.counts[""].drops == 0


@pytest.mark.parametrize("looked_at", ["peer", "local", "id", "metadata"])
async def test_an_answer_for_one_client_is_not_given_to_another(kit, autojump_clock, looked_at):
    def personal(query):
        getattr(query, looked_at)
        return Reply((kit.a(),))

    cache, below = kit.make(), kit.Below(personal)
    for _ in range(2):
        query = kit.question()
        await cache.serve(query, below)
        assert query.personal
    assert len(below.asked) == 2


async def test_what_was_read_above_the_cache_does_not_matter(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    for _ in range(2):
        query = kit.question()
        assert query.peer.host == "192.0.2.9"  # as acl does
        await cache.serve(query, below)
        assert query.personal
    assert len(below.asked) == 1


async def test_the_chain_below_sees_the_clients_own_question(kit, autojump_clock):
    """What a plugin above has added to it is told from what the client sent by the origin."""
    cache, below = kit.make(), kit.Below(Reply())
    sent = kit.question(do=False)
    added = sent.replace(name=HOST, edns=sent.edns._replace(options=((65001, b"added"),)))
    await cache.serve(added, below)
    (asked,) = below.asked
    assert (asked.name, asked.edns.options) == (HOST, ((65001, b"added"),))
    assert (asked.origin.name, asked.origin.edns.options) == (kit.WWW, ())


async def test_labels_set_below_are_seen_above(kit, autojump_clock):
    def labelled(query):
        query.metadata["forward/upstream"] = lambda: "192.0.2.53"
        return Reply((kit.a(),))

    cache, query = kit.make(), kit.question()
    await cache.serve(query, kit.Below(labelled))
    assert query.metadata["forward/upstream"]() == "192.0.2.53"


async def test_an_answer_that_is_finished_for_one_message_is_not_kept(kit, autojump_clock):
    reply = Reply((kit.a(),))
    reply.finish = (lambda _, wire: wire,)
    cache, below = kit.make(), kit.Below(reply)
    for _ in range(2):
        await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


async def test_a_failure_is_kept_for_five_seconds(kit, autojump_clock):
    """RFC 9520 section 3.2."""
    cache, below = kit.make(), kit.Below(kit.servfail())
    await cache.serve(kit.question(), below)
    await trio.sleep(4.9)
    reply = await cache.serve(kit.question(), below)
    assert reply.rcode == Rcode.SERVFAIL
    assert [code for code, _ in reply.errors] == [22, 13]
    assert not reply.replay
    assert len(below.asked) == 1
    await trio.sleep(0.1)
    await cache.serve(kit.question(), below)
    assert len(below.asked) == 2


@pytest.mark.parametrize(("line", "asked"), [("servfail 0", 2), ("servfail 1m", 1)])
async def test_servfail_says_how_long(kit, autojump_clock, line, asked):
    cache, below = kit.make(f"cache\n{line}"), kit.Below(kit.servfail())
    await cache.serve(kit.question(), below)
    await trio.sleep(59)
    await cache.serve(kit.question(), below)
    assert len(below.asked) == asked


async def test_that_no_plugin_had_an_answer_is_not_kept(kit, autojump_clock):
    """Who asks from within goes by that: an alias out of a zone is an answer by itself then."""
    cache, below = kit.make("cache"), kit.Below(Reply.failure(0, "no plugin had an answer"))
    for _ in range(3):
        assert (await cache.serve(kit.question(), below)).by == ""
    assert len(below.asked) == 3


async def test_a_good_answer_takes_the_place_of_a_failure(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(kit.servfail(), Reply((kit.a(),)))
    await cache.serve(kit.question(), below)
    await trio.sleep(5)
    for _ in range(2):
        assert (await cache.serve(kit.question(), below)).rcode == Rcode.NOERROR
    assert len(cache.keeper.denial) == 0


async def test_the_errors_of_the_answer_are_kept(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),), errors=((4, "forged"),)))
    await cache.serve(kit.question(), below)
    assert (await cache.serve(kit.question(), below)).errors == ((4, "forged"),)


async def test_of_the_options_only_the_subnet_is_kept(kit, autojump_clock):
    reply = Reply((kit.a(),))
    reply.options = ((3, b"nsid"), (8, b"\0\1\x18\x18\xc0\0\2"))
    cache, below = kit.make(), kit.Below(reply)
    await cache.serve(kit.question(options=((8, b"\0\1\x18\0\xc0\0\2"),)), below)
    again = await cache.serve(kit.question(options=((8, b"\0\1\x18\0\xc0\0\2"),)), below)
    assert again.options == ((8, b"\0\1\x18\x18\xc0\0\2"),)


async def test_an_opt_record_of_an_upstream_is_not_kept(kit, autojump_clock):
    from pydns.records import Record
    from pydns.wire.message import pack
    from pydns.wire.scan import scan

    query = kit.question()
    wire = pack(query.wire[12:], Reply((kit.a(),), (), (Record(b"\0", 41, 1232, 0x8000, b""),)))
    cache, below = kit.make(), kit.Below(Reply(wire=wire))
    await cache.serve(query, below)
    assert scan((await cache.serve(kit.question(), below)).wire).opt is None


@pytest.mark.parametrize(
    "damage",
    [lambda wire: wire[:-1], lambda wire: wire.replace(b"\3www", b"\3abc"), lambda wire: wire[:7] + b"\7" + wire[8:]],
    ids=["short", "another question", "more records than are there"],
)
async def test_an_answer_to_another_question_is_dropped_and_counted(kit, autojump_clock, damage):
    from pydns.wire.message import pack

    query = kit.question()
    below = kit.Below(Reply(wire=damage(pack(query.wire[12:], Reply((kit.a(),))))))
    cache = kit.make()
    for _ in range(2):
        await cache.serve(kit.question(), below)
    assert len(below.asked) == 2
    assert cache.counts[""].drops == 2


async def test_the_upstream_is_asked_whether_it_is_authentic(kit, autojump_clock):
    """RFC 6840 section 5.7: who sets AD in a question sees it in the answer; the answer is for others as well."""
    cache, below = kit.make(), kit.Below(Reply((kit.a(),), flags=Reply.AD | Reply.RA))
    query = kit.question()
    await cache.serve(query, below)
    assert below.asked[0].authentic_data
    assert not query.authentic_data
    assert (await cache.serve(kit.question(), below)).flags == Reply.AD | Reply.RA


async def test_a_reload_keeps_what_was_kept(kit, autojump_clock):
    old, below = kit.make(), kit.Below(Reply((kit.a(),)))
    await old.serve(kit.question(), below)
    new = kit.make()
    new.house = old.house
    new.inherit(old)
    assert isinstance(new, Cache)
    assert (await new.serve(kit.question(), below)).by == "cache"
    assert len(below.asked) == 1


async def test_an_answer_may_be_replayed_until_its_end(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(10),)))
    first = await cache.serve(kit.question(), below)
    assert (first.since, first.lifetime) == (trio.current_time(), 9)
    await trio.sleep(4.5)
    reply = await cache.serve(kit.question(), below)
    assert reply.replay
    assert first.since is not None
    assert reply.since == first.since + 4
    # The whole of the fifth second gets this reply, so it must end in time from the last moment on.
    assert reply.lifetime == 5
    await trio.sleep(5)
    assert not (await cache.serve(kit.question(), below)).replay


async def test_an_answer_for_a_subnet_is_not_replayed(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.a(),)))
    for _ in range(2):
        assert not (await cache.serve(kit.question(options=((8, b"\0\1\x18\0\xc0\0\2"),)), below)).replay
    assert len(below.asked) == 1


async def test_what_an_answer_depends_on_is_told_above(kit, autojump_clock):
    cache, below = kit.make(), kit.Below(Reply((kit.cname(HOST), kit.a(300, HOST))))
    for _ in range(2):
        query = kit.question()
        await cache.serve(query, below)
        assert HOST in query.asked_within
    assert len(below.asked) == 1

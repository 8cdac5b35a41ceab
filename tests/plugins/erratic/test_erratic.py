from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from pydns import names
from pydns.records import Class, Rcode, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, Someone, query
from pydns_plugins.cache import Cache
from pydns_plugins.erratic import Erratic
from tests.plugins.asking import block, directives
from tests.pydns.serving import Asker, serving
from tests.pydns.wire.messages import message, question

TC = Reply.TC


def erratic(*lines: str) -> Erratic:
    (plugin,) = Erratic.parse(directives("\n ".join(("erratic", *lines))), block())
    return plugin


async def ask(plugin: Erratic, type_: str = "A", name: str = "example.org", transport: str = "tcp") -> Reply:
    return await plugin.serve(query(name, type_, Someone(transport=transport)), FakeNext())


@pytest.mark.parametrize(
    ("type_", "rdata"), [("A", "c0000235"), ("AAAA", "20010db8000000000000000000000053")], ids=["A", "AAAA"]
)
async def test_an_address_is_always_the_same(type_: str, rdata: str) -> None:
    reply = await ask(erratic("drop 0"), type_)
    name = names.from_text("example.org")
    assert reply.answer == (Record(name, Type[type_], Class.IN, 0, bytes.fromhex(rdata)),)
    assert (reply.rcode, reply.flags) == (Rcode.NOERROR, Reply.AA)


@pytest.mark.parametrize("type_", ["MX", "ANY", "TYPE65280"])
async def test_other_types_are_servfail(type_: str) -> None:
    assert (await ask(erratic("drop 0"), type_)).rcode == Rcode.SERVFAIL


@pytest.mark.parametrize(
    ("lines", "dropped"),
    [
        ((), "x.x.x."),
        (("drop",), "x.x.x."),
        (("drop 3",), "x..x.."),
        (("drop 1",), "xxxxxx"),
        (("drop 0",), "......"),
        (("truncate",), "......"),
        (("delay 9 1ms",), "......"),
        (("drop 3", "truncate"), "x..x.."),
    ],
)
async def test_one_query_in_so_many_is_dropped(lines: tuple[str, ...], dropped: str, autojump_clock: MockClock) -> None:
    plugin = erratic(*lines)
    assert "".join(["x" if (await ask(plugin)).dropped else "." for _ in dropped]) == dropped


@pytest.mark.parametrize(
    ("line", "truncated"), [("truncate", "x.x.x."), ("truncate 4", "x...x."), ("drop 0", "......")]
)
@pytest.mark.parametrize("type_", ["A", "AAAA"])
async def test_one_answer_in_so_many_is_truncated(line: str, truncated: str, type_: str) -> None:
    plugin = erratic(line)
    assert "".join(["x" if (await ask(plugin, type_)).flags & TC else "." for _ in truncated]) == truncated


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("delay", [0.1, 0, 0.1]), ("delay 3", [0.1, 0, 0]), ("delay 1 2s", [2, 2, 2]), ("delay 0 2s", [0, 0, 0])],
)
@pytest.mark.parametrize("type_", ["A", "AXFR", "MX"])
async def test_one_answer_in_so_many_comes_late(
    line: str, seconds: list[float], type_: str, autojump_clock: MockClock
) -> None:
    plugin = erratic(line)
    found = []
    for _ in seconds:
        began = trio.current_time()
        await ask(plugin, type_)
        found.append(trio.current_time() - began)
    assert found == pytest.approx(seconds)


async def test_a_large_answer_is_the_same_record_often() -> None:
    reply = await ask(erratic("drop 0", "large"))
    assert len(reply.answer) == 30
    assert len(set(reply.answer)) == 1


@pytest.mark.parametrize(("line", "last"), [("drop 0", Type.SOA), ("truncate 1", Type.AAAA)])
async def test_a_transfer_ends_with_the_soa_unless_it_is_truncated(line: str, last: Type) -> None:
    # RFC 5936 section 2.2
    reply = await ask(erratic(line), "AXFR")
    assert [record.type for record in (reply.answer[0], reply.answer[-1])] == [Type.SOA, last]
    assert reply.flags == Reply.AA


@pytest.mark.parametrize("type_", ["A", "AAAA", "AXFR", "MX"])
async def test_nothing_is_replayed_or_kept(type_: str) -> None:
    reply = await ask(erratic("drop 0"), type_)
    assert (reply.replay, reply.lifetime) == (False, 0)


@pytest.mark.parametrize("type_", ["A", "MX"])
async def test_a_cache_above_it_passes_each_query_on(type_: str, nursery: trio.Nursery) -> None:
    (cache,) = Cache.parse(directives("cache"), block())
    plugin = erratic("drop 0")
    here = serving(nursery, cache, plugin)
    cache.house = here.house
    for _ in range(5):
        await here.ask(message(question(type_=Type[type_])))
    assert plugin.asked == 5


async def test_there_is_no_transfer_over_udp() -> None:
    """RFC 5936 section 4.2."""
    reply = await ask(erratic("drop 0"), "AXFR", transport="udp")
    assert (reply.rcode, reply.answer) == (Rcode.FORMERR, ())


@pytest.mark.parametrize(("name", "cut"), [("a.example.org", False), ("a-longer-name.example.org", True)])
async def test_a_large_answer_to_a_long_name_is_cut_over_udp(name: str, cut: bool, nursery: trio.Nursery) -> None:
    """RFC 1035 section 4.2.1: 512 octets without EDNS."""
    here = serving(nursery, erratic("drop 0", "large"))
    answer = await here.opened(message(question(name)))
    assert (bool(answer.header.tc), len(answer.rr)) == (cut, 0 if cut else 30)
    answer = await here.opened(message(question(name)), Asker(transport="tcp"))
    assert (answer.header.tc, len(answer.rr)) == (0, 30)


def test_it_passes_no_query_on() -> None:
    assert erratic().stops() == (names.ROOT,)

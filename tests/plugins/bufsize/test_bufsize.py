from __future__ import annotations

import dnslib
import pytest
import trio

from pydns.errors import CorefileError
from pydns.query import Edns
from pydns.records import Class, Record, Type
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns.upstream.request import Request
from pydns_plugins.bufsize import Bufsize
from tests.plugins.asking import block, directives
from tests.pydns.serving import Asker, Giving, serving
from tests.pydns.wire.messages import WWW, message, opt, question

LONG = Reply([Record(bytes((1, 97 + i)) + WWW, Type.TXT, Class.IN, 60, bytes((250,)) + bytes(250)) for i in range(20)])
"""An answer of more than 5,000 octets, in RRsets of at most 275, since none is cut in two."""


def bufsize(text: str = "bufsize") -> Bufsize:
    (plugin,) = Bufsize.parse(directives(text), block())
    return plugin


@pytest.mark.parametrize(("text", "size"), [("bufsize", 1232), ("bufsize 512", 512), ("bufsize 4096", 4096)])
def test_a_size_may_be_named(text: str, size: int) -> None:
    assert bufsize(text).size == size


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("bufsize 511", "Corefile:1:2: 511 is out of range (between 512 and 4096)"),
        ("bufsize 4097", "Corefile:1:2: 4097 is out of range"),
        ("bufsize -1", "Corefile:1:2: -1 is out of range"),
        ("bufsize big", "Corefile:1:2: 'big' is no whole number"),
        ("bufsize 512 1024", "Corefile:1:3: bufsize takes at most 1 argument"),
        ("bufsize\nbufsize", "Corefile:2:1: bufsize stands twice"),
        ("bufsize\n 512", "Corefile:1:1: bufsize takes no block"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises(CorefileError) as caught:
        bufsize(text)
    assert str(caught.value).startswith(error)


async def answered(size: int, offered: int | None, nursery: trio.Nursery, transport: str = "udp") -> bytes:
    served = serving(nursery, bufsize(f"bufsize {size}"), Giving(LONG))
    text = (
        message(question(type_=Type.TXT))
        if offered is None
        else message(question(type_=Type.TXT), opt(size=offered), counts=(1, 0, 0, 1))
    )
    answer = await served.ask(text, Asker(transport=transport))
    assert answer is not None
    nursery.cancel_scope.cancel()
    return answer


@pytest.mark.parametrize(
    ("size", "offered", "most"),
    [
        (512, 4096, 512),
        (4096, 4096, 4096),
        (4096, 65535, 4096),
        (4096, 2000, 2000),
        (1024, 600, 600),
        (1024, 0, 512),
        (4096, None, 512),
        (512, None, 512),
    ],
)
async def test_the_smaller_of_both_counts(size: int, offered: int | None, most: int, nursery: trio.Nursery) -> None:
    answer = await answered(size, offered, nursery)
    assert most - 275 < len(answer) <= most
    assert answer[2] & 2  # TC


async def test_over_tcp_it_bounds_nothing(nursery: trio.Nursery) -> None:
    assert len(await answered(512, 512, nursery, "tcp")) > 5000


@pytest.mark.parametrize("size", [512, 1232, 4096])
async def test_the_client_is_told_our_size(size: int, nursery: trio.Nursery) -> None:
    """It is what we take (RFC 6891 section 6.2.3)."""
    (record,) = dnslib.DNSRecord.parse(await answered(size, 4096, nursery)).ar
    assert record.edns_len == size


async def asked(size: int, offered: int) -> Edns:
    call_next = FakeNext()
    await bufsize(f"bufsize {size}").serve(query(edns=Edns(offered, 0, True, ((3, b""),))), call_next)
    edns = call_next.asked[0].edns
    assert edns is not None
    return edns


@pytest.mark.parametrize(("size", "offered", "seen"), [(512, 4096, 512), (4096, 4096, 4096), (1232, 600, 600)])
async def test_plugins_below_see_the_smaller(size: int, offered: int, seen: int) -> None:
    assert await asked(size, offered) == Edns(seen, 0, True, ((3, b""),))


@pytest.mark.parametrize(
    ("size", "offered", "told"), [(512, 4096, 512), (1000, 4096, 1000), (4096, 4096, 1232), (1000, 600, 1232)]
)
async def test_an_upstream_is_offered_no_more(size: int, offered: int, told: int) -> None:
    """Where the client takes less than we allow, its size is no matter of the upstream's."""
    call_next = FakeNext()
    await bufsize(f"bufsize {size}").serve(query(edns=Edns(offered, 0, False, ())), call_next)
    tail = Request.of(call_next.asked[0]).tail
    assert int.from_bytes(tail[-8:-6]) == told


async def test_without_an_opt_nothing_changes() -> None:
    reply = Reply()
    assert await bufsize("bufsize 512").serve(query(), FakeNext(reply)) is reply


async def test_two_clients_with_other_sizes_get_other_answers(nursery: trio.Nursery) -> None:
    """Also where answers are replayed."""
    served = serving(nursery, bufsize("bufsize 1000"), Giving(LONG))
    for _ in range(3):
        for offered, most in ((512, 512), (4096, 1000), (700, 700)):
            text = message(question(type_=Type.TXT), opt(size=offered), counts=(1, 0, 0, 1))
            answer = await served.ask(text)
            assert answer is not None
            assert most - 275 < len(answer) <= most
    nursery.cancel_scope.cancel()

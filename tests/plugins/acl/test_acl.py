from __future__ import annotations

import logging

import pytest
import trio

from pydns import names
from pydns.metrics import Metrics
from pydns.plugin import CallNext, House
from pydns.query import Address, Query
from pydns.records import Ede, Opcode, Rcode
from pydns.reply import Reply
from pydns.testing import FakeNext, Someone, query
from pydns_plugins.acl import Acl
from tests.plugins.asking import block, directives
from tests.pydns.serving import Asker, Doing, Giving, Serving, address, extended_errors, rcode, serving
from tests.pydns.wire.messages import message, opt, question

REFUSED = {Rcode.REFUSED: "block", Rcode.NOERROR: "filter"}


def acl(text: str, *zones: str) -> Acl:
    (plugin,) = Acl.parse(directives(text), block(*zones))
    plugin.house = House()
    return plugin


def asking(name: str = "www.example.org", type_: str = "A", host: str = "192.168.0.2") -> Query:
    return query(name, type_, Someone(Address(host, 40212)))


async def verdict(plugin: Acl, name: str = "www.example.org", type_: str = "A", host: str = "192.168.0.2") -> str:
    reply = await plugin.serve(asking(name, type_, host), FakeNext())
    if reply.dropped:
        return "drop"
    return "allow" if reply.by == "next" else REFUSED[Rcode(reply.rcode)]


@pytest.mark.parametrize(
    ("text", "name", "type_", "host", "expected"),
    [
        ("acl", "www.example.org", "A", "192.168.0.2", "allow"),
        ("acl\n block", "www.example.org", "A", "192.168.0.2", "block"),
        ("acl\n filter", "www.example.org", "A", "192.168.0.2", "filter"),
        ("acl\n drop", "www.example.org", "A", "192.168.0.2", "drop"),
        ("acl\n block net *", "www.example.org", "A", "2001:db8::1", "block"),
        ("acl\n block type A net 192.168.0.0/16", "www.example.org", "A", "192.168.0.2", "block"),
        ("acl\n block type A net 192.168.0.0/16", "www.example.org", "AAAA", "192.168.0.2", "allow"),
        ("acl\n block type A net 192.168.0.0/16", "www.example.org", "A", "192.169.0.2", "allow"),
        ("acl\n block type * net 192.168.0.0/16", "www.example.org", "MX", "192.168.0.2", "block"),
        ("acl\n block net 192.168.0.2", "www.example.org", "A", "192.168.0.2", "block"),
        ("acl\n block net 192.168.0.2", "www.example.org", "A", "192.168.0.3", "allow"),
        ("acl\n block net 192.168.0.0/24 10.0.0.0/8", "www.example.org", "A", "10.1.2.3", "block"),
        ("acl\n block net 192.168.0.0/24 10.0.0.0/8", "www.example.org", "A", "2001:db8::1", "allow"),
        ("acl\n block net 2001:db8::/32", "www.example.org", "A", "2001:db8:1::1", "block"),
        ("acl\n block net 2001:db8::/32", "www.example.org", "A", "2001:db9::1", "allow"),
        ("acl\n block net fe80::/10", "www.example.org", "A", "fe80::1%eth0", "block"),
        ("acl\n block net 192.168.0.0/16", "www.example.org", "A", "::ffff:192.168.0.2", "block"),
        ("acl\n block net 0.0.0.0/0", "www.example.org", "A", "2001:db8::1", "allow"),
        ("acl\n block net ::/0", "www.example.org", "A", "192.168.0.2", "allow"),
        # the first line that fits counts
        ("acl\n allow net 192.168.1.0/24\n block net 192.168.0.0/16", "a", "A", "192.168.1.9", "allow"),
        ("acl\n allow net 192.168.1.0/24\n block net 192.168.0.0/16", "a", "A", "192.168.2.9", "block"),
        ("acl\n block net 192.168.0.0/16\n allow net 192.168.1.0/24", "a", "A", "192.168.1.9", "block"),
        ("acl\n allow net 192.168.0.0/24\n block", "a", "A", "10.0.0.1", "block"),
        ("acl\n filter type AAAA\n block net 10.0.0.0/8", "a", "AAAA", "10.0.0.1", "filter"),
        ("acl\n filter type AAAA\n block net 10.0.0.0/8", "a", "A", "10.0.0.1", "block"),
        # zones
        ("acl a.example.org\n block", "a.example.org", "A", "10.0.0.1", "block"),
        ("acl a.example.org\n block", "b.a.example.org", "A", "10.0.0.1", "block"),
        ("acl a.example.org\n block", "aa.example.org", "A", "10.0.0.1", "allow"),
        ("acl 10.0.0.0/8\n block", "1.2.3.10.in-addr.arpa", "PTR", "10.0.0.1", "block"),
        # several directives, in their order; `allow` ends the search, no match goes on to the next
        ("acl a\n block type A\nacl\n filter", "a", "A", "10.0.0.1", "block"),
        ("acl a\n block type A\nacl\n filter", "a", "MX", "10.0.0.1", "filter"),
        ("acl a\n block type A\nacl\n filter", "b", "A", "10.0.0.1", "filter"),
        ("acl a\n allow type A\nacl\n filter", "a", "A", "10.0.0.1", "allow"),
        ("acl\n filter\nacl a\n block", "a", "A", "10.0.0.1", "filter"),
    ],
)
async def test_a_query_is_judged(text: str, name: str, type_: str, host: str, expected: str) -> None:
    assert await verdict(acl(text), name, type_, host) == expected


async def test_without_zones_they_are_the_block_s() -> None:
    plugin = acl("acl\n block", "example.org", "example.net")
    found = [await verdict(plugin, name) for name in ("a.example.org", "example.net", "example.com")]
    assert found == ["block", "block", "allow"]


@pytest.mark.parametrize(
    ("text", "rcode", "code"),
    [("acl\n block", Rcode.REFUSED, Ede.BLOCKED), ("acl\n filter", Rcode.NOERROR, Ede.FILTERED)],
)
async def test_the_answer_tells_why(text: str, rcode: int, code: int) -> None:
    # RFC 8914 sections 4.16 and 4.18
    reply = await acl(text).serve(asking(), FakeNext())
    assert (reply.rcode, reply.errors, reply.answer) == (rcode, ((code, ""),), ())


@pytest.mark.parametrize(
    ("text", "type_", "personal"),
    [
        ("acl\n block type ANY", "ANY", False),
        ("acl\n block type ANY", "A", False),
        ("acl\n filter type AAAA\n block net 10.0.0.0/8", "AAAA", False),
        ("acl\n filter type AAAA\n block net 10.0.0.0/8", "A", True),
        ("acl\n allow net 10.0.0.0/8\n block", "A", True),
        ("acl\n block net 10.0.0.0/8\n block", "A", False),
        ("acl\n block net 10.0.0.0/8 *", "A", False),
        ("acl\n block net 0.0.0.0/0 ::/0", "A", False),
        ("acl a\n block net 10.0.0.0/8", "A", False),
        ("acl\n filter\nacl\n block net 10.0.0.0/8", "A", False),
        ("acl", "A", False),
    ],
)
async def test_the_client_is_looked_at_only_where_that_counts(text: str, type_: str, personal: bool) -> None:
    asked = asking(type_=type_)
    await acl(text).serve(asked, FakeNext())
    assert asked.personal is personal


@pytest.mark.parametrize(
    ("text", "lifetime"), [("acl\n filter type A", 3600.0), ("acl\n filter net 192.168.0.0/16", None)]
)
async def test_an_empty_answer_for_all_may_be_replayed(text: str, lifetime: float | None) -> None:
    reply = await acl(text).serve(asking(), FakeNext())
    assert (reply.replay, reply.lifetime) == (True, lifetime)


@pytest.mark.parametrize(
    ("text", "counted"),
    [("acl\n filter type A", "filtered"), ("acl\n filter type AAAA", "allowed"), ("acl", "allowed")],
)
async def test_replayed_answers_are_counted(text: str, counted: str) -> None:
    plugin, asked = acl(text), asking()
    reply = await plugin.serve(asked, FakeNext())
    (counter,) = reply.counters
    counter(asked.wire, asked.client, b"")(9)
    metric = plugin.house.metrics.counter(f"coredns_acl_{counted}_requests_total", "")
    assert list(metric.values.values()) == [10]


async def test_a_question_from_within_is_judged_too() -> None:
    plugin = acl("acl\n filter type AAAA")
    inner = asking("www.example.net", "A").replace(name=names.from_text("b"), type_=28)
    inner.depth = 1
    reply = await plugin.serve(inner, FakeNext())
    assert reply.errors == ((Ede.FILTERED, ""),)


async def test_a_client_without_an_address_is_blocked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "pydns.acl")
    assert await verdict(acl("acl\n allow net 10.0.0.0/8"), host="nobody") == "block"
    assert caplog.messages == ["blocked a query from 'nobody', which is no address"]


@pytest.mark.parametrize(
    ("action", "name", "labels"),
    [
        ("block", "coredns_acl_blocked_requests_total", ("server", "zone", "view")),
        ("filter", "coredns_acl_filtered_requests_total", ("server", "zone", "view")),
        ("drop", "coredns_acl_dropped_requests_total", ("server", "zone", "view")),
        ("allow", "coredns_acl_allowed_requests_total", ("server", "view")),
    ],
)
async def test_what_was_done_is_counted(action: str, name: str, labels: tuple[str, ...]) -> None:
    plugin = acl(f"acl org example.org\n {action}")
    for _ in range(2):
        await plugin.serve(asking(), FakeNext())
    found = {metric.name: metric for metric in plugin.house.metrics.read()}
    assert found[name].labels == labels
    assert total(plugin.house.metrics, name) == 2


async def test_the_zone_that_counts_is_the_longest() -> None:
    plugin = acl("acl org example.org\n block")
    await plugin.serve(asking(), FakeNext())
    metric = plugin.house.metrics.counter("coredns_acl_blocked_requests_total", "")
    assert [values[1] for values in metric.values] == ["example.org."]


def total(metrics: Metrics, name: str) -> float:
    return sum(metrics.counter(name, "").values.values())


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("acl", []),
        ("acl\n block", ["."]),
        ("acl a b\n drop", ["a.", "b."]),
        ("acl\n allow net 10.0.0.0/8\n block", []),
        ("acl\n block net 10.0.0.0/8", []),
        ("acl\n block net 10.0.0.0/8\n filter", ["."]),
        ("acl\n block type A", []),
        ("acl\n block type A\n drop", ["."]),
        ("acl a.b\n allow type A\nacl b c\n block", ["c."]),
        ("acl a.b\n block\nacl b\n allow", ["a.b."]),
        ("acl\n block type A\n block net *", ["."]),
    ],
)
def test_it_says_what_it_never_passes_on(text: str, stopped: list[str]) -> None:
    assert [names.to_text(zone) for zone in acl(text).stops()] == stopped


@pytest.mark.parametrize(("text", "replay"), [("acl\n block net 10.0.0.0/8", True), ("acl\n allow", False)])
async def test_an_allowed_answer_that_is_never_replayed_is_passed_on_as_it_is(text: str, replay: bool) -> None:
    reply = Reply(replay=replay)
    assert await acl(text).serve(asking(), FakeNext(reply)) is reply


# In a whole server.


def asked(name: str, type_: int = 1) -> bytes:
    return message(question(name, type_), opt(), counts=(1, 0, 0, 1))


@pytest.mark.parametrize(
    ("action", "code", "ede"), [("block", Rcode.REFUSED, Ede.BLOCKED), ("filter", Rcode.NOERROR, Ede.FILTERED)]
)
async def test_a_client_is_told(action: str, code: int, ede: int, nursery: trio.Nursery) -> None:
    server = serving(nursery, acl(f"acl\n {action}"), Giving(Reply([address()])))
    answer = await server.ask(asked("www.example.org"))
    assert answer is not None
    assert (rcode(answer), extended_errors(answer)) == (code, [(ede, "")])


async def test_a_dropped_query_has_no_answer(nursery: trio.Nursery) -> None:
    server = serving(nursery, acl("acl\n drop"), Giving(Reply([address()])))
    assert await server.ask(asked("www.example.org")) is None


async def test_nobody_is_given_what_another_may_have(nursery: trio.Nursery) -> None:
    server = serving(nursery, acl("acl\n allow net 192.0.2.9\n block"), Giving(Reply([address()])))
    for _ in range(3):
        assert rcode(await server.ask(asked("www.example.org"))) == Rcode.NOERROR
    assert rcode(await server.ask(asked("www.example.org"), Asker("192.0.2.10"))) == Rcode.REFUSED


async def test_rules_by_type_alone_leave_answers_in_the_fast_lane(nursery: trio.Nursery) -> None:
    below = Giving(Reply([address()]))
    server = serving(nursery, acl("acl\n block type ANY"), below)
    for i in range(9):
        await server.ask(asked("www.example.org"), Asker(f"192.0.2.{i}"))
    assert below.asked == 2  # an answer is kept from its second asking on


async def leading_on(query: Query, call_next: CallNext) -> Reply:
    if query.name == names.from_text("alias.example.org"):
        return await query.resolve(names.from_text("secret.example.org"), query.type)
    return Reply([address(owner="secret.example.org")])


@pytest.fixture
def server(nursery: trio.Nursery) -> Serving:
    return serving(nursery, acl("acl secret.example.org\n allow net 192.0.2.9\n block"), Doing(leading_on))


@pytest.mark.parametrize(("host", "code"), [("192.0.2.9", Rcode.NOERROR), ("192.0.2.10", Rcode.REFUSED)])
async def test_what_a_name_leads_to_is_judged_too(host: str, code: int, server: Serving) -> None:
    assert rcode(await server.ask(asked("alias.example.org"), Asker(host))) == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acl\n block net 192.0.2.0/24", Rcode.REFUSED),
        ("acl\n filter net 192.0.2.0/24", Rcode.REFUSED),  # an empty answer would say that it is done
        ("acl\n drop", None),
        ("acl\n block type A", Rcode.NOERROR),
        ("acl\n allow type A\n block", Rcode.REFUSED),
    ],
)
@pytest.mark.parametrize("opcode", [Opcode.UPDATE, Opcode.NOTIFY])
async def test_other_opcodes_are_held_against_the_rules_too(
    text: str, expected: int | None, opcode: int, nursery: trio.Nursery
) -> None:
    served = serving(nursery, acl(text), Giving(Reply(), opcodes=[Opcode.QUERY, opcode]))
    answer = await served.ask(message(question(type_=6), flags=opcode << 11))
    assert (None if answer is None else rcode(answer)) == expected

from __future__ import annotations

import logging

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from pydns import names
from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.plugin import CallNext, House
from pydns.query import Query
from pydns.records import Class, Rcode, Type, type_text
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns_plugins.local import Local
from pydns_plugins.local.zones import CONTENTS, ZONES
from tests.plugins.asking import block, directives
from tests.pydns.serving import Asker, Doing, serving
from tests.pydns.wire.messages import message, question

LOOPBACK_6 = "1." + "0." * 31 + "ip6.arpa"
UNSPECIFIED_6 = "0." * 32 + "ip6.arpa"

A, AAAA = "7f000001", "00000000000000000000000000000001"


def local(text: str = "local") -> Local:
    (plugin,) = Local.parse(directives(text), block())
    plugin.house = House()
    return plugin


async def ask(plugin: Local, name: str, type_: str, class_: int = Class.IN) -> Reply:
    return await plugin.serve(query(name, type_, class_=class_), FakeNext())


def summary(reply: Reply) -> tuple[int, list[str], list[str]]:
    """Rcode, the rdata of the answer, and the owners of the SOA records in the authority section."""
    soas = [names.to_text(record.owner) for record in reply.authority if record.type == Type.SOA]
    return reply.rcode, [record.rdata.hex() for record in reply.answer], soas


@pytest.mark.parametrize(
    ("name", "type_", "rdata"),
    [
        ("localhost", "A", A),
        ("localhost", "AAAA", AAAA),
        ("localhost", "NS", names.from_text("localhost").hex()),
        ("a.localhost", "A", A),
        ("b.a.localhost", "AAAA", AAAA),
        ("localhost.example.org", "A", A),
        ("localhost.example.org", "AAAA", AAAA),
        ("1.0.0.127.in-addr.arpa", "PTR", names.from_text("localhost").hex()),
        (LOOPBACK_6, "PTR", names.from_text("localhost").hex()),
        (LOOPBACK_6, "NS", names.from_text("localhost").hex()),
        ("0.in-addr.arpa", "NS", names.from_text("localhost").hex()),
    ],
)
async def test_what_is_there(name: str, type_: str, rdata: str) -> None:
    reply = await ask(local(), name, type_)
    assert summary(reply) == (Rcode.NOERROR, [rdata], [])
    assert [(record.owner, type_text(record.type)) for record in reply.answer] == [(names.from_text(name), type_)]


@pytest.mark.parametrize("zone", sorted(ZONES))
async def test_each_zone_has_a_soa(zone: bytes) -> None:
    reply = await ask(local(), names.to_text(zone), "SOA")
    ((owner, type_, class_, ttl, rdata),) = reply.answer
    assert (owner, type_, class_, ttl) == (zone, Type.SOA, Class.IN, 604800)
    assert rdata == names.from_text("localhost") + names.from_text("root.localhost") + bytes.fromhex(
        "00000001" + "00000000" * 3 + "00093a80"
    )


@pytest.mark.parametrize(
    ("name", "type_", "soa"),
    [
        ("localhost", "MX", "localhost."),
        ("localhost", "ANY", "localhost."),
        ("a.localhost", "MX", "localhost."),
        # There is no zone to name, and the domain's own is none of ours.
        ("localhost.example.org", "MX", "localhost.example.org."),
        ("127.in-addr.arpa", "A", "127.in-addr.arpa."),
        ("255.in-addr.arpa", "PTR", "255.in-addr.arpa."),
        ("1.0.0.127.in-addr.arpa", "A", "127.in-addr.arpa."),
        # RFC 8020: names between the zone and the PTR exist.
        ("0.0.127.in-addr.arpa", "PTR", "127.in-addr.arpa."),
        (LOOPBACK_6, "AAAA", f"{LOOPBACK_6}."),
    ],
)
async def test_a_name_without_such_data(name: str, type_: str, soa: str) -> None:
    assert summary(await ask(local(), name, type_)) == (Rcode.NOERROR, [], [soa])


@pytest.mark.parametrize(
    ("name", "soa"),
    [
        ("2.0.0.127.in-addr.arpa", "127.in-addr.arpa."),
        ("4.3.2.0.in-addr.arpa", "0.in-addr.arpa."),
        ("255.255.255.255.in-addr.arpa", "255.in-addr.arpa."),
        (f"a.{UNSPECIFIED_6}", f"{UNSPECIFIED_6}."),
        ("a.1.0.0.127.in-addr.arpa", "127.in-addr.arpa."),
    ],
)
async def test_a_name_that_does_not_exist(name: str, soa: str) -> None:
    assert summary(await ask(local(), name, "PTR")) == (Rcode.NXDOMAIN, [], [soa])


@pytest.mark.parametrize(
    "name",
    [
        "example.org",
        "alocalhost",
        "localhosta.example.org",
        "1.0.0.10.in-addr.arpa",
        "127.in-addr.arpa.example.org",
        "2." + "0." * 31 + "ip6.arpa",
        "ip6.arpa",
        "in-addr.arpa",
        ".",
        r"a\.localhost",  # one label
        r"x\009localhost",  # ends with the bytes of the name, in the midst of a label
    ],
)
async def test_other_names_go_on(name: str) -> None:
    assert (await ask(local(), name, "A")).by == "next"


async def test_other_classes_go_on() -> None:
    assert (await ask(local(), "localhost", "A", Class.CH)).by == "next"


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("local", "local"),
        ("local\n localhost_prefix on", "local"),
        ("local\n localhost_prefix off", "next"),
        ("local\n localhost_prefix on\n localhost_prefix off", "next"),
        ("local\n localhost_prefix off\nlocal", "next"),
    ],
)
async def test_the_prefix_is_as_it_is_told(text: str, by: str) -> None:
    assert (await ask(local(text), "localhost.example.org", "A")).by == by


async def test_without_the_prefix_names_below_localhost_stay() -> None:
    assert (await ask(local("local\n localhost_prefix off"), "a.localhost", "A")).by == "local"


@pytest.mark.parametrize(("name", "type_"), [("localhost", "A"), ("a.localhost", "MX"), ("9.127.in-addr.arpa", "PTR")])
async def test_answers_are_authoritative_and_may_be_replayed(name: str, type_: str) -> None:
    asked = query(name, type_)
    reply = await local().serve(asked, FakeNext())
    assert (reply.flags, reply.replay, asked.personal) == (Reply.AA, True, False)


@pytest.mark.parametrize(
    ("name", "count"),
    [("localhost", 0), ("a.localhost", 1), ("localhost.example.org", 1), ("1.0.0.127.in-addr.arpa", 0)],
)
async def test_queries_that_are_mistakes_are_counted(name: str, count: int) -> None:
    plugin = local()
    await ask(plugin, name, "A")
    metric = plugin.house.metrics.counter("coredns_local_localhost_requests_total", "")
    assert metric.value() == count


async def test_replayed_answers_to_mistakes_are_counted() -> None:
    plugin, asked = local(), query("a.localhost", "A")
    (counter,) = (await plugin.serve(asked, FakeNext())).counters
    counter(asked.wire, asked.client, b"")(9)
    assert plugin.house.metrics.counter("coredns_local_localhost_requests_total", "").value() == 10


async def test_a_debugging_log_tells_who_asked_also_of_replays(
    caplog: pytest.LogCaptureFixture, nursery: trio.Nursery
) -> None:
    caplog.set_level(logging.DEBUG, "pydns.local")
    plugin = local()
    here = serving(nursery, plugin)
    hosts = [f"192.0.2.{last}" for last in range(1, 6)]
    for host in hosts:
        await here.ask(message(question("a.localhost")), Asker(host))
    assert caplog.messages == [f"localhost query for a.localhost. A, from {host}" for host in hosts]
    (kept,) = here.server.packets("udp", 4).entries.values()
    assert kept.tally.count == 3  # an answer is kept from its second asking on


async def test_it_tells_of_what_is_asked_from_within(caplog: pytest.LogCaptureFixture, nursery: trio.Nursery) -> None:
    async def chase(asked: Query, call_next: CallNext) -> Reply:
        if asked.depth:
            return await call_next(asked)
        await asked.resolve(names.from_text("a.localhost"), Type.A)
        return Reply()

    caplog.set_level(logging.DEBUG, "pydns.local")
    await serving(nursery, Doing(chase), local()).ask(message())
    assert caplog.messages == ["localhost query for a.localhost. A, from 192.0.2.9"]


async def test_without_it_nobody_watches(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pydns.local")
    assert (await ask(local(), "a.localhost", "A")).watchers == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("local a", "Corefile:1:2: local takes no arguments; 'a' is one too many"),
        (
            "local\n localhost_prefix",
            "Corefile:2:1: localhost_prefix wants 1 argument, not 0",
        ),
        (
            "local\n localhost_prefix maybe",
            "Corefile:2:2: unknown value of localhost_prefix 'maybe' (one of: off, on)",
        ),
        ("local\n prefix on", "Corefile:2:1: unknown option of local 'prefix' (one of: localhost_prefix)"),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        local(text)
    assert str(caught.value) == error


def test_it_passes_none_of_its_zones_on() -> None:
    assert set(local().stops()) == ZONES


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=6), st.sampled_from(sorted(CONTENTS)), st.booleans())
def test_whatever_is_below_a_zone_is_answered(labels: list[bytes], below: bytes, prefix: bool) -> None:
    name = b"".join(bytes((len(label),)) + label for label in labels).translate(names.LOWER) + below
    if len(name) <= names.MAX_LENGTH:
        asked = query()
        asked.name = name
        plugin = Local(prefix)
        plugin.house = House()
        with pytest.raises(StopIteration) as done:  # it waits for nothing
            plugin.serve(asked, FakeNext()).send(None)
        assert done.value.value.by == "local"

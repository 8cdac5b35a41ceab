"""A plugin that answers from several zones."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Self

import pytest

from pydns import names, steps
from pydns.corefile.tree import Directive, ServerBlock
from pydns.plugin import House, Turn
from pydns.query import Edns, Query
from pydns.records import Class, Ede, Rcode
from pydns.reply import Reply
from pydns.testing import FakeNext, query
from pydns.zone import holder
from pydns.zone.difference import Delta
from pydns.zone.holder import Held, HoldsZones
from pydns.zone.plugin import ZonePlugin
from pydns.zone.zone import LARGE, PARTS, Zone
from tests.pydns.zone.zones import ORIGIN, absolute, build, record, said, soa

IP = b"\1\1\1\1"
CHILD = absolute("child")
OTHER = names.from_text("example.net")


class Zones(ZonePlugin):
    name = "zones"

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        raise NotImplementedError


def zones(*, fallthrough: Sequence[str] = ()) -> Zones:
    plugin = Zones([ORIGIN, CHILD, OTHER], [names.from_text(each) for each in fallthrough])
    plugin.house = House()
    parent, child, _ = plugin.held()
    plugin.publish(
        parent,
        build(
            [
                soa(),
                record("www", "A", IP),
                record("mail", "MX", b"\0\1" + absolute("www")),
                record("in", "CNAME", "www"),
                record("out", "CNAME", "www.child"),
                record("out", "RRSIG", b"\0\5"),
                record("gone", "CNAME", "nothing"),
                record("child", "NS", "ns.child"),
                record("child", "DS", b"ds"),
                record("ns.child", "A", IP),
            ]
        ),
    )
    plugin.publish(child, build([soa(origin=CHILD), record("www.child", "A", b"\2\2\2\2")], CHILD))
    return plugin


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "answer", "authority", "flags"),
    [
        ("www.example.org", "A", 0, ["www A 1.1.1.1"], [], Reply.AA),
        ("www.example.org", "MX", 0, [], ["@ SOA"], Reply.AA),
        ("x.example.org", "A", Rcode.NXDOMAIN, [], ["@ SOA"], Reply.AA),
        ("www.child.example.org", "A", 0, ["www.child A 2.2.2.2"], [], Reply.AA),
        ("child.example.org", "SOA", 0, ["child SOA"], [], Reply.AA),
        ("child.example.org", "DS", 0, ["child DS"], [], Reply.AA),
        ("www.child.example.org", "DS", 0, [], ["child SOA"], Reply.AA),
        ("example.org", "DS", 0, [], ["@ SOA"], Reply.AA),
        ("out.example.org", "CNAME", 0, ["out CNAME www.child"], [], Reply.AA),
        ("gone.example.org", "A", Rcode.NXDOMAIN, ["gone CNAME nothing"], ["@ SOA"], Reply.AA),
    ],
)
def test_the_longest_zone_answers(
    name: str, type_: str, rcode: int, answer: list[str], authority: list[str], flags: int
) -> None:
    reply = zones().at_once(query(name, type_))
    assert isinstance(reply, Reply)
    assert (reply.rcode, said(reply.answer), said(reply.authority), reply.flags) == (rcode, answer, authority, flags)
    assert (reply.by, reply.local) == ("zones", True)


def test_a_referral_is_no_authority() -> None:
    plugin = zones()
    plugin.release(CHILD)
    reply = plugin.at_once(query("www.child.example.org"))
    assert isinstance(reply, Reply)
    assert (said(reply.authority), said(reply.additional)) == (["child NS ns.child"], ["ns.child A 1.1.1.1"])
    assert (reply.flags, reply.why) == (0, "referral to child.example.org.")


def test_signatures_are_for_who_wants_them() -> None:
    reply = zones().at_once(query("out.example.org", "CNAME", edns=Edns(1232, 0, True, ())))
    assert isinstance(reply, Reply)
    assert said(reply.answer) == ["out CNAME www.child", "out RRSIG"]


async def test_a_chain_may_lead_into_another_zone_here() -> None:
    plugin, rest = zones(), FakeNext()
    asked = query("out.example.org")

    async def server(inner: Query) -> Reply:
        return await plugin.serve(inner, rest)

    asked.ask = server
    assert plugin.at_once(asked) is Turn.SERVE
    reply = await plugin.serve(asked, rest)
    assert said(reply.answer) == ["out CNAME www.child", "www.child A 2.2.2.2"]
    assert (reply.flags, reply.authority) == (Reply.AA, ())


@pytest.mark.parametrize("name", ["www.example.com", "org", "."])
async def test_other_names_go_on(name: str) -> None:
    plugin, rest = zones(), FakeNext()
    assert plugin.at_once(query(name)) is Turn.NEXT
    assert await plugin.serve(query(name), rest) is rest.reply


def test_other_classes_go_on() -> None:
    assert zones().at_once(query("www.example.org", class_=Class.CH)) is Turn.NEXT


@pytest.mark.parametrize("type_", ["AXFR", "IXFR"])
def test_transfers_are_another_plugins(type_: str) -> None:
    reply = zones().at_once(query("example.org", type_))
    assert isinstance(reply, Reply)
    assert reply.rcode == Rcode.REFUSED


def test_a_zone_that_is_not_there_fails() -> None:
    reply = zones(fallthrough=["."]).at_once(query("www.example.net"))
    assert isinstance(reply, Reply)
    assert (reply.rcode, reply.replay) == (Rcode.SERVFAIL, False)
    assert reply.errors == ((Ede.NOT_READY, "zones: example.net. is not loaded yet"),)


@pytest.mark.parametrize(
    ("fallthrough", "name", "type_", "goes_on"),
    [
        (["."], "x.example.org", "A", True),
        (["example.org"], "x.example.org", "A", True),
        (["a.example.org"], "x.example.org", "A", False),
        (["."], "www.example.org", "MX", False),
        (["."], "gone.example.org", "A", False),  # the alias exists
    ],
)
def test_names_that_do_not_exist_may_go_on(fallthrough: list[str], name: str, type_: str, goes_on: bool) -> None:
    said = zones(fallthrough=fallthrough).at_once(query(name, type_))
    assert (said is Turn.NEXT) == goes_on


def test_it_tells_which_zones_end_there() -> None:
    assert zones(fallthrough=["example.net"]).stops() == [ORIGIN, CHILD]


@pytest.mark.parametrize(
    ("name", "type_", "depends"),
    [
        ("www.example.org", "A", []),
        ("in.example.org", "A", ["in", "www"]),
        ("mail.example.org", "MX", ["www"]),
        ("x.example.org", "A", ["\\000"]),
    ],
)
def test_what_an_answer_came_from_is_noted(name: str, type_: str, depends: list[str]) -> None:
    asked = query(name, type_)
    zones().at_once(asked)
    assert asked.asked_within == tuple(absolute(each) for each in depends)


def test_a_zone_that_comes_is_told_of() -> None:
    plugin = zones()
    heard: list[Held] = []
    plugin.newcomers.append(heard.append)
    held = plugin.hold(names.from_text("example.com"))
    assert heard == [held]
    assert held in plugin.held()


def test_a_zone_is_found_by_its_name_alone() -> None:
    plugin = zones()
    assert [plugin.find(name) for name in (ORIGIN, CHILD, absolute("www"))] == [*plugin.held()[:2], None]
    assert [HoldsZones.find(plugin, name) for name in (CHILD, absolute("www"))] == [plugin.held()[1], None]


def test_a_zone_that_goes_is_told_of_and_goes_on() -> None:
    plugin = zones()
    heard: list[Zone | None] = []
    held = plugin.held()[0]
    held.listeners.append(lambda: heard.append(held.zone))
    epoch = plugin.house.changes.epoch
    plugin.release(ORIGIN)
    assert heard == [None]
    assert plugin.house.changes.touched_since(epoch, [absolute("www")])
    assert plugin.at_once(query("www.example.org")) is Turn.NEXT


@pytest.mark.parametrize("small", [holder.SMALL, 0])
async def test_what_changed_is_told_and_nothing_else(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "SMALL", small)
    plugin = zones()
    held = plugin.held()[0]
    assert held.zone is not None
    changes = plugin.house.changes
    epoch = changes.epoch
    new = held.zone.changed([soa()], [soa(2), record("new", "A", IP)])
    delta = await plugin.publish_in_slices(held, new)
    assert delta is not None
    assert held.since(1) == (delta,)
    assert changes.touched_since(epoch, [absolute("new")])
    assert not changes.touched_since(epoch, [absolute("www")])


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_large_zone_of_before_is_let_go_in_steps(is_told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []

    def note(parts: list[object]) -> Generator[None, None, None]:
        left.append(len(parts))
        return steps.letting_go(parts)

    monkeypatch.setattr("pydns.zone.plugin.letting_go", note)
    plugin = zones()
    held = plugin.held()[0]
    plugin.publish(held, build([soa(), *(record(f"h{i}", "A", bytes(4)) for i in range(LARGE))]))
    assert held.zone is not None
    new = held.zone.changed([soa()], [soa(2), record("new", "A", IP)])
    delta = Delta(soa(), (), soa(2), (record("new", "A", IP),))
    await plugin.publish_in_slices(held, new, delta if is_told else None)
    assert held.since(1) == (delta,)
    assert left == [PARTS]


def test_a_zone_that_is_lost_touches_all() -> None:
    plugin = zones()
    epoch = plugin.house.changes.epoch
    plugin.publish(plugin.held()[0], None)
    assert plugin.house.changes.touched_since(epoch, [absolute("www")])

"""Who is told of changed zones, and until when."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import pytest
import trio
import trio.testing

from pydns.names import from_text
from pydns.zone.holder import Held
from pydns_plugins.transfer.notify import notify, rcode_of
from pydns_plugins.tsig import Tsig
from tests.plugins.asking import block, directives
from tests.plugins.transfer.asking import ORIGIN, Site, held, zone

SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cw=="
RING = dns.tsigkeyring.from_text({"key.example.": SECRET})

Answering = Callable[[dns.message.Message], bytes | None]


class Secondary:
    """Listens for notices, and answers as it is told to."""

    def __init__(self, answer: Answering | None = None) -> None:
        self.answer = answer or accept
        self.socket = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
        self.port = 0
        self.came: list[dns.message.Message] = []
        self.senders: list[str] = []
        self._news = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        await self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        task_status.started()
        while True:
            wire, peer = await self.socket.recvfrom(4096)
            message = dns.message.from_wire(wire, keyring=RING)
            self.came.append(message)
            self.senders.append(peer[0])
            answer = self.answer(message)
            if answer is not None:
                await self.socket.sendto(answer, peer)
            self._news.set()
            self._news = trio.Event()

    @property
    def serials(self) -> list[int]:
        return [message.answer[0][0].serial for message in self.came]

    async def until(self, *serials: int) -> None:
        """Until these have come."""
        with trio.fail_after(300):
            while self.serials != list(serials):
                assert len(self.came) <= len(serials), self.serials
                await self._news.wait()


def reply(message: dns.message.Message, rcode: int = 0) -> dns.message.Message:
    made = dns.message.make_response(message)
    made.set_rcode(dns.rcode.Rcode(rcode))
    return made


def accept(message: dns.message.Message) -> bytes:
    return reply(message).to_wire()


def says(rcode: int) -> Answering:
    return lambda message: reply(message, rcode).to_wire()


def says_in_turn(*rcodes: int) -> Answering:
    left = list(rcodes)
    return lambda message: reply(message, left.pop(0)).to_wire()


def silent(message: dns.message.Message) -> None:
    return None


@asynccontextmanager
async def telling(
    text: str, *zones: Held, answer: Answering | None = None, keys: str = ""
) -> AsyncIterator[tuple[Site, Secondary]]:
    """A transfer plugin at work; `PORT` in the text is the secondary's."""
    async with trio.open_nursery() as nursery:
        secondary = Secondary(answer)
        await nursery.start(secondary.run)
        tsig = Tsig.parse(directives(keys), block()) if keys else ()
        site = Site(nursery, text.replace("PORT", str(secondary.port)), *zones, before=tsig)
        await nursery.start(site.transfer.run)
        yield site, secondary
        nursery.cancel_scope.cancel()


TO = "transfer\n to 127.0.0.1:PORT"


def noticed(site: Site, port: int, outcome: str) -> float:
    metric = site.house.metrics.counter("pydns_transfer_notices_total", "")
    return metric.value(f"127.0.0.1:{port}", outcome)


async def test_it_is_told_at_the_start_and_at_each_change() -> None:
    zones = held(zone(1))
    async with telling(TO, zones) as (site, secondary):
        await secondary.until(1)
        zones.publish(zone(2))
        await secondary.until(1, 2)
        zones.publish(zone(5))
        await secondary.until(1, 2, 5)
        message = secondary.came[0]
        assert message.opcode() == dns.opcode.NOTIFY
        assert message.flags & dns.flags.AA
        assert (message.question[0].name.to_text(), message.question[0].rdtype) == (ORIGIN, 6)
        await trio.testing.wait_all_tasks_blocked()
        assert noticed(site, secondary.port, "accepted") == 3


async def test_a_zone_that_comes_later_is_told_of() -> None:
    async with telling(TO) as (site, secondary):
        site.holder.zones.append(held(zone(7)))
        await secondary.until(7)


async def test_a_zone_that_goes_is_listened_to_no_more() -> None:
    zones = held(zone(1))
    async with telling(TO, zones) as (site, secondary):
        await secondary.until(1)
        assert zones.listeners
        site.holder.zones.clear()
        with trio.fail_after(10):
            while zones.listeners:  # noqa: ASYNC110 -- nothing tells of it
                await trio.sleep(0.05)


async def test_a_zone_that_comes_back_is_told_of_though_its_serial_is_the_same() -> None:
    zones = held(zone(1))
    async with telling(TO, zones) as (site, secondary):
        await secondary.until(1)
        site.holder.zones.clear()
        with trio.fail_after(10):
            while zones.listeners:  # noqa: ASYNC110 -- nothing tells of it
                await trio.sleep(0.05)
        site.holder.zones.append(held(zone(1)))
        await secondary.until(1, 1)


async def test_nothing_is_listened_to_when_it_ends() -> None:
    zones = held(zone(1))
    async with telling(TO, zones) as (_, secondary):
        await secondary.until(1)
    assert not zones.listeners


async def test_nobody_is_told_of_a_zone_that_is_not_there() -> None:
    zones = Held(from_text(ORIGIN))
    async with telling(TO, zones) as (_, secondary):
        zones.publish(None)
        zones.publish(zone(3))
        await secondary.until(3)


async def test_other_zones_are_not_its_matter() -> None:
    other = Held(from_text("example.net"))
    async with telling("transfer example.org\n to 127.0.0.1:PORT", other, held(zone(1))) as (_, secondary):
        await secondary.until(1)


async def test_who_does_not_answer_is_told_again_then_given_up(
    quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling(TO, held(zone(1)), answer=silent) as (site, secondary):
        await secondary.until(1, 1, 1, 1, 1)
        await trio.sleep(60)
        await secondary.until(1, 1, 1, 1, 1)
        assert noticed(site, secondary.port, "unanswered") == 1
    assert f"127.0.0.1:{secondary.port} could not be told of example.org. 1: no answer to 5 tries" in caplog.text


async def test_a_change_meanwhile_takes_the_place_of_the_old_notice(quick_clock: trio.testing.MockClock) -> None:
    zones = held(zone(1))
    async with telling(TO, zones, answer=silent) as (_, secondary):
        await secondary.until(1)
        secondary.answer = accept
        zones.publish(zone(2))
        await secondary.until(1, 2)
        await trio.sleep(60)
        await secondary.until(1, 2)


async def test_who_fails_is_told_again(quick_clock: trio.testing.MockClock) -> None:
    async with telling(TO, held(zone(1)), answer=says_in_turn(2, 2, 0)) as (_, secondary):
        await secondary.until(1, 1, 1)
        await trio.sleep(60)
        await secondary.until(1, 1, 1)


@pytest.mark.parametrize("rcode", [4, 5, 9])
async def test_who_refuses_is_told_once(
    rcode: int, quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling(TO, held(zone(1)), answer=says(rcode)) as (site, secondary):
        await secondary.until(1)
        await trio.sleep(60)
        await secondary.until(1)
        assert noticed(site, secondary.port, "refused") == 1
    assert f"example.org. 1: {dns.rcode.to_text(dns.rcode.Rcode(rcode))}" in caplog.text


def wrong_id(message: dns.message.Message) -> bytes:
    wire = accept(message)
    return bytes((wire[0] ^ 1,)) + wire[1:]


def another_question(message: dns.message.Message) -> bytes:
    return accept(message).replace(b"\7example\3org", b"\7example\3com")


def an_answer_to_a_query(message: dns.message.Message) -> bytes:
    wire = accept(message)
    return wire[:2] + b"\x84\0" + wire[4:]


@pytest.mark.parametrize("lie", [wrong_id, another_question, an_answer_to_a_query, lambda _: b"", lambda _: b"\0" * 99])
async def test_what_is_no_answer_is_none(lie: Answering, quick_clock: trio.testing.MockClock) -> None:
    async with telling(TO, held(zone(1)), answer=lie) as (site, secondary):
        await secondary.until(1, 1, 1, 1, 1)
        await trio.sleep(60)
        assert noticed(site, secondary.port, "unanswered") == 1


KEYS = f"tsig\n secret key.example {SECRET}"
SIGNED = "transfer\n to 127.0.0.1:PORT key key.example"


async def test_a_notice_is_signed_and_so_is_its_answer() -> None:
    async with telling(SIGNED, held(zone(1)), keys=KEYS) as (site, secondary):
        await secondary.until(1)
        assert secondary.came[0].had_tsig
        await trio.sleep(0.05)
        assert noticed(site, secondary.port, "accepted") == 1


def unsigned(message: dns.message.Message) -> bytes:
    plain = dns.message.make_query(ORIGIN, "SOA", id=message.id)
    plain.set_opcode(dns.opcode.NOTIFY)
    plain.flags |= dns.flags.QR
    return plain.to_wire()


async def test_an_answer_without_a_signature_is_none(
    quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling(SIGNED, held(zone(1)), keys=KEYS, answer=unsigned) as (_, secondary):
        await secondary.until(1, 1, 1, 1, 1)
        await trio.sleep(60)
    assert "could not be told of example.org. 1: answered with a message without a signature" in caplog.text


async def test_a_key_may_come_a_moment_later(quick_clock: trio.testing.MockClock) -> None:
    """A reload reads its file anew, while a zone may change."""
    async with telling(SIGNED, held(zone(1)), keys=f"tsig\n secret other {SECRET}") as (site, secondary):
        await trio.sleep(2)
        assert not secondary.came
        (tsig,) = (plugin for plugin in site.house.siblings(site.transfer) if isinstance(plugin, Tsig))
        name = from_text("key.example")
        tsig.options.keys[name] = tsig.options.keys[from_text("other")]._replace(name=name)
        for hear in tuple(tsig.listeners_for_keys):
            hear()
        await secondary.until(1)


async def test_a_key_that_nobody_knows_is_told_of(
    quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling("transfer\n to 127.0.0.1:PORT key nobodys", held(zone(1)), keys=KEYS) as (_, secondary):
        await trio.sleep(12)
        assert not secondary.came
    assert "Corefile:2:4: no tsig here knows the key nobodys" in caplog.text
    assert "example.org. 1: no key nobodys." in caplog.text


async def test_it_leaves_from_the_source() -> None:
    async with telling(f"{TO}\n source 127.0.0.7", held(zone(1))) as (_, secondary):
        await secondary.until(1)
        assert secondary.senders == ["127.0.0.7"]


async def test_after_a_reload_only_what_is_new_is_told(nursery: trio.Nursery) -> None:
    zones = held(zone(1))
    async with telling(TO, zones) as (site, secondary):
        await secondary.until(1)
        await trio.testing.wait_all_tasks_blocked()
        again = Site(nursery, TO.replace("PORT", str(secondary.port)), zones)
        again.transfer.inherit(site.transfer)
        await nursery.start(again.transfer.run)
        await trio.sleep(0.1)
        zones.publish(zone(2))
        with trio.fail_after(5):
            while secondary.serials[-1] != 2:  # noqa: ASYNC110 -- both are at work here
                await trio.sleep(0.01)
        assert secondary.serials.count(1) == 1
        nursery.cancel_scope.cancel()


def test_a_notice_may_be_for_a_name_with_any_octets() -> None:
    odd = b"\3a\0b\3org\0"
    made = held(zone(1)).zone
    assert made is not None
    made.origin = odd
    message = notify(made, 7)
    answer = message[:2] + b"\xa4\0" + message[4:]
    assert rcode_of(answer, message, 12 + len(odd) + 4) == 0


async def test_a_secondary_that_is_not_there_holds_nobody_up(
    quick_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    zones = held(zone(1))
    async with telling("transfer\n to 127.0.0.1:9 127.0.0.1:PORT", zones) as (_, secondary):
        await secondary.until(1)
        await trio.sleep(60)
    assert "127.0.0.1:9 could not be told of example.org. 1: Connection refused" in caplog.text

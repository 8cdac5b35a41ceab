"""What ends an exchange and what does not: RFC 5452 section 9.1."""

from collections.abc import Callable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from pydns.upstream.exchange import Exchange
from pydns.upstream.request import Request
from pydns.upstream.testing import Asked
from pydns.waiter import Waiter
from pydns.wire.edns import opt_record
from tests.pydns.upstream.helpers import asking

QUESTION = b"\x03WwW\x07example\x03org\x00\x00\x01\x00\x01"
RECORD = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x01"
OPT = opt_record(1232, 0, 0, ())


class Recorder:
    """Stands where the upstream and the socket are."""

    name = "192.0.2.53:53"

    def __init__(self) -> None:
        self.sent: list[tuple[bool, bool]] = []  # (over TCP, with OPT)
        self.told: list[str] = []

    def send(self, exchange: Exchange) -> None:
        self.sent.append((exchange.stream, exchange.edns))
        exchange.carrier = self  # type: ignore[assignment]  # it has what is called

    def answered(self, exchange: Exchange, now: float) -> None:
        self.told.append("answered")

    def failed(self, exchange: Exchange) -> None:
        self.told.append("failed")

    def forget(self, exchange: Exchange, answered: bool) -> None:
        self.told.append("forgotten")


def started(*, stream: bool = False, then: Callable[[Exchange], None] = lambda _: None) -> tuple[Exchange, Recorder]:
    upstream = Recorder()
    request = Request(QUESTION, 0x0100, False)
    exchange = Exchange(upstream, QUESTION, request.tail, stream, then, 0.0, 2.0, 5.0)  # type: ignore[arg-type]
    upstream.send(exchange)
    upstream.sent.clear()
    return exchange, upstream


def message(
    *,
    flags: int = 0x8180,
    question: bytes = QUESTION,
    counts: tuple[int, int, int, int] = (1, 1, 0, 1),
    rest: bytes = RECORD + OPT,
) -> bytes:
    return b"\xab\xcd" + flags.to_bytes(2) + b"".join(n.to_bytes(2) for n in counts) + question + rest


async def test_an_answer_ends_it() -> None:
    exchange, upstream = started()
    assert exchange.take(message(), 1.0)
    assert exchange.done
    assert exchange.wire
    assert upstream.told == ["forgotten", "answered"]


JUNK = {
    "a query": message(flags=0x0100),
    "another opcode": message(flags=0xA980),
    "another name": message(question=QUESTION.replace(b"WwW", b"WwX")),
    "another type": message(question=QUESTION[:-4] + b"\0\x1c\0\1"),
    "another class": message(question=QUESTION[:-4] + b"\0\1\0\3"),
    "a longer name": message(question=b"\1a" + QUESTION),
    "a type that differs in bit 5 only": message(question=QUESTION[:-4] + b"\0\x21\0\1"),
    "no question": message(counts=(0, 1, 0, 1), question=b""),
    "no question and SERVFAIL": message(flags=0x8182, counts=(0, 0, 0, 0), question=b"", rest=b""),
    "two questions": message(counts=(2, 0, 0, 0), rest=QUESTION),
    "a record cut short": message(rest=RECORD[:-1], counts=(1, 1, 0, 0)),
    "more records counted than there are": message(counts=(1, 9, 0, 1)),
    "a header alone": message(question=b"", rest=b""),
    "two OPT records": message(rest=RECORD + OPT + OPT, counts=(1, 1, 0, 2)),
    "TC and another name": message(flags=0x8380, question=QUESTION.replace(b"WwW", b"WwX")),
}


@pytest.mark.parametrize("wire", JUNK.values(), ids=JUNK.keys())
async def test_junk_does_not_end_it(wire: bytes) -> None:
    exchange, upstream = started()
    assert not exchange.take(wire, 1.0)
    assert not exchange.done
    assert (upstream.sent, upstream.told) == ([], [])


async def test_the_answer_after_junk_ends_it() -> None:
    exchange, _ = started()
    for wire in JUNK.values():
        exchange.take(wire, 1.0)
    assert exchange.take(message(), 1.0)


async def test_letters_of_the_name_may_come_back_in_another_case() -> None:
    # RFC 4343 section 3
    exchange, _ = started()
    assert exchange.take(message(question=QUESTION[:-4].lower() + QUESTION[-4:]), 1.0)


TRUNCATED = {
    "whole": message(flags=0x8380),
    "cut in a record": message(flags=0x8380, rest=RECORD[:-1]),
    "bare of records": message(flags=0x8380, counts=(1, 0, 0, 0), rest=b""),
    "longer than was asked for": message() + bytes(4096),
}


@pytest.mark.parametrize("wire", TRUNCATED.values(), ids=TRUNCATED.keys())
async def test_a_truncated_answer_is_asked_for_again_over_tcp(wire: bytes) -> None:
    # RFC 7766 section 5
    exchange, upstream = started()
    assert exchange.take(wire, 1.0)
    assert upstream.sent == [(True, True)]
    assert not exchange.done


async def test_tc_over_tcp_is_taken_as_it_is() -> None:
    exchange, upstream = started(stream=True)
    assert exchange.take(message(flags=0x8380), 1.0)
    assert exchange.done
    assert upstream.sent == []


NO_EDNS = {
    "FORMERR and no question": message(flags=0x8181, counts=(0, 0, 0, 0), question=b"", rest=b""),
    "NOTIMP and no question": message(flags=0x8184, counts=(0, 0, 0, 0), question=b"", rest=b""),
    "FORMERR": message(flags=0x8181, counts=(1, 0, 0, 0), rest=b""),
    "NOTIMP": message(flags=0x8184, counts=(1, 0, 0, 0), rest=b""),
}


@pytest.mark.parametrize("wire", NO_EDNS.values(), ids=NO_EDNS.keys())
async def test_who_does_not_know_edns_is_asked_once_without_it(wire: bytes) -> None:
    # RFC 6891 section 7
    exchange, upstream = started()
    assert exchange.take(wire, 1.0)
    assert upstream.sent == [(False, False)]
    exchange.take(wire, 1.0)
    assert upstream.sent == [(False, False)]


async def test_formerr_with_an_opt_is_an_answer() -> None:
    exchange, upstream = started()
    assert exchange.take(message(flags=0x8181, counts=(1, 0, 0, 1), rest=OPT), 1.0)
    assert exchange.done
    assert exchange.rcode == 1
    assert upstream.sent == []


async def test_the_upper_bits_of_the_rcode_are_in_the_opt() -> None:
    exchange, _ = started()
    exchange.take(message(flags=0x8187, counts=(1, 0, 0, 1), rest=opt_record(1232, 23, False)), 1.0)
    assert exchange.rcode == 23


async def test_it_tells_who_answered_over_what_and_how_fast() -> None:
    exchange, _ = started()
    exchange.take(message(), 0.0034)
    assert exchange.why() == "192.0.2.53:53 udp 3 ms"


async def test_a_failure_is_told_once() -> None:
    exchange, upstream = started()
    exchange.fail("no answer")
    exchange.fail("again")
    assert exchange.failure == "no answer"
    assert upstream.told == ["forgotten", "failed"]


async def test_a_retry_has_the_same_time_again_but_not_beyond_the_latest() -> None:
    exchange, _ = started()
    exchange.latest = trio.current_time() + 0.5
    exchange.take(TRUNCATED["whole"], 1.0)
    assert exchange.deadline == exchange.latest


async def test_its_end_wakes_who_waits() -> None:
    waiter = Waiter()
    exchange, _ = started(then=waiter.wake)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waiter.wait)
            await trio.testing.wait_all_tasks_blocked()
            exchange.take(message(), 1.0)


@pytest.mark.parametrize("how", ["answered", "failed"])
async def test_who_wants_to_know_is_told_once(how: str) -> None:
    told: list[Exchange] = []
    exchange, _ = started(then=told.append)
    exchange.take(message(), 1.0) if how == "answered" else exchange.fail("no answer")
    exchange.fail("too late")
    assert told == [exchange]


async def test_a_waiter_that_was_cancelled_is_left_alone() -> None:
    waiter = Waiter()
    exchange, _ = started(then=waiter.wake)
    with trio.move_on_after(0):
        await waiter
    exchange.take(message(), 1.0)


def in_trio(check: Callable[[], None]) -> None:
    async def main() -> None:
        check()

    trio.run(main)


MUTATED = st.builds(
    lambda wire, at, octet: wire[: at % len(wire)] + bytes((octet,)) + wire[at % len(wire) + 1 :],
    st.sampled_from([message(), *JUNK.values(), *TRUNCATED.values(), *NO_EDNS.values()]),
    st.integers(2, 60),
    st.integers(0, 255),
)


@given(st.lists(st.one_of(st.binary(min_size=12, max_size=80), MUTATED), max_size=5), st.booleans())
def test_no_bytes_raise_and_what_it_takes_ends_or_continues_it(wires: list[bytes], stream: bool) -> None:
    def check() -> None:
        exchange, upstream = started(stream=stream)
        for wire in wires:
            steps = len(upstream.sent)
            taken = exchange.take(wire, 1.0)
            assert taken == (exchange.done or len(upstream.sent) == steps + 1)
            if exchange.done:
                assert exchange.wire[12 : 12 + len(QUESTION)].lower() == QUESTION.lower()
                return

    in_trio(check)


async def test_an_upstream_that_refuses_our_version_of_edns_is_asked_without() -> None:
    # RFC 6891 section 6.1.3: BADVERS is for what we sent, and says nothing about the name.
    async def script(asked: Asked) -> None:
        await asked.send(asked.answer(rcode=16 if asked.has_opt else 0))

    async with asking(script) as kit:
        exchange = await kit.ask()
    assert (exchange.rcode, [each.has_opt for each in kit.server.asked]) == (0, [True, False])

"""The sequence of messages that answers an AXFR (RFC 5936 section 2.2) or an IXFR (RFC 1995 section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydns.names import from_text
from pydns.records import Rcode, Record, Type
from pydns.transfer.errors import MismatchError, TransferError
from pydns.transfer.incoming import Asked, Difference, Incoming, Limits, Style
from tests.pydns.transfer.messages import AA, ID, ORIGIN, QR, TC, a, all_steps, message, ns, soa, split

WWW, MAIL = a("www.example.org"), a("mail.example.org", 2)
AXFR, IXFR = Type.AXFR, Type.IXFR


def read(
    messages: Sequence[bytes],
    serial: int | None = None,
    limits: Limits = Limits(),  # noqa: B008
) -> tuple[Incoming, list[Record]]:
    added: list[Record] = []
    incoming = Incoming(
        Asked(ORIGIN, ID, serial), lambda *found: added.append(Record(found[0], found[1], 1, *found[2:])), limits
    )
    for wire in messages:
        all_steps(incoming.take(wire))
    return incoming, added


def ixfr(*records: Record) -> bytes:
    return message(*records, type_=IXFR)


def test_a_whole_zone_stands_between_two_soa_records() -> None:
    incoming, added = read([message(soa(2), ns(), WWW, soa(2))])
    assert (incoming.done, incoming.style, added) == (True, Style.WHOLE, [soa(2), ns(), WWW])


@given(some.lists(some.integers(1, 4)))
def test_it_may_come_in_any_number_of_messages(sizes: list[int]) -> None:
    records = (soa(2), ns(), WWW, MAIL, a("x.example.org"), soa(2))
    incoming, added = read([message(*group) for group in split(records, sizes)])
    assert (incoming.done, added) == (True, [*records[:-1]])


def test_only_the_first_message_must_repeat_the_question() -> None:
    incoming, _ = read([message(soa(2), ns()), message(soa(2), question=b"")])
    assert incoming.done


def test_a_transfer_is_not_done_before_the_closing_soa() -> None:
    assert not read([message(soa(2), ns(), WWW)])[0].done


def test_letters_of_names_do_not_matter() -> None:
    asked = from_text("example.org").replace(b"example", b"eXample") + AXFR.to_bytes(2) + b"\0\1"
    assert read([message(soa(2), ns(), soa(2), question=asked)])[0].done


def test_an_ixfr_answered_with_our_soa_says_that_we_are_current() -> None:
    incoming, _ = read([ixfr(soa(5))], 5)
    assert (incoming.done, incoming.style) == (True, Style.CURRENT)


def test_an_older_serial_is_nothing_new_either() -> None:
    assert read([ixfr(soa(4))], 5)[0].style is Style.CURRENT
    assert read([ixfr(soa(2**32 - 3))], 5)[0].style is Style.CURRENT


def test_a_newer_soa_alone_is_the_beginning() -> None:
    incoming, added = read([ixfr(soa(6)), ixfr(ns(), soa(6))], 5)
    assert (incoming.style, added) == (Style.WHOLE, [soa(6), ns()])


def test_an_ixfr_may_be_answered_as_an_axfr() -> None:
    incoming, added = read([ixfr(soa(6), ns(), WWW, soa(6))], 5)
    assert (incoming.style, added) == (Style.WHOLE, [soa(6), ns(), WWW])


STEPS = (soa(7), soa(5), WWW, soa(6), MAIL, soa(6), MAIL, soa(7), WWW, soa(7))


@given(some.lists(some.integers(1, 4)))
def test_an_ixfr_gives_what_changed_step_by_step(sizes: list[int]) -> None:
    incoming, added = read([ixfr(*group) for group in split(STEPS, sizes)], 5)
    assert (incoming.done, incoming.style, added) == (True, Style.CHANGES, [])
    assert incoming.differences == [
        Difference([soa(5), WWW], [soa(6), MAIL]),
        Difference([soa(6), MAIL], [soa(7), WWW]),
    ]


def test_changes_may_be_of_the_soa_alone() -> None:
    assert read([ixfr(soa(6), soa(5), soa(6), soa(6))], 5)[0].differences == [Difference([soa(5)], [soa(6)])]


BROKEN = {
    "does not begin with the zone's SOA": [message(ns(), soa(2))],
    "the SOA of another zone": [message(soa(2, "example.net"), soa(2, "example.net"))],
    "the SOA of another zone, sub.example.org.": [message(soa(2), ns(), soa(2, "sub.example.org"))],
    "is not within the zone": [message(soa(2), a("www.example.net"))],
    "begins with serial 2 and ends with 3": [message(soa(2), ns()), message(soa(3))],
    "ends with 2: the zone changed": [message(soa(2), ns(), soa(2, minimum=1))],
    "two SOA records": [message(soa(2), soa(3))],
    "records behind the closing SOA": [message(soa(2), ns(), soa(2), WWW)],
    "a message behind the last one": [message(soa(2), ns(), soa(2)), message(WWW)],
    "another id": [message(soa(2), id_=ID + 1)],
    "is no answer to a query": [message(soa(2), flags=AA)],
    "no answer to a query": [message(soa(2), flags=QR | 4 << 11)],
    "(TC)": [message(soa(2), flags=QR | AA | TC)],
    "answers SERVFAIL": [message(flags=QR | Rcode.SERVFAIL)],
    "does it allow us": [message(flags=QR | Rcode.REFUSED)],
    "know the key": [message(soa(2), ns()), message(flags=QR | Rcode.NOTAUTH)],
    "0 questions": [message(soa(2), question=b"")],
    "answers another question": [message(soa(2), type_=Type.SOA)],
    "answers another question.": [message(soa(2), question=b"\1x\0\0\xfc\0\1")],
    "without records": [message(soa(2)), message()],
    "shorter than a header": [b"\0" * 11],
    "class 3": [message(soa(2), WWW._replace(class_=3))],
    "type 255": [message(soa(2), WWW._replace(type=255))],
    "3 octets of rdata": [message(soa(2), WWW._replace(rdata=b"abc"))],
    "rdata runs out": [message(soa(2), WWW)[:-1]],
}


@pytest.mark.parametrize(("fault", "messages"), BROKEN.items(), ids=str)
def test_a_broken_axfr_is_told(fault: str, messages: list[bytes]) -> None:
    with pytest.raises(TransferError) as raised:
        read(messages)
    assert fault.rstrip(".") in str(raised.value)
    assert not isinstance(raised.value, MismatchError)


UNFIT = {
    "since serial 4, and we have 5": [ixfr(soa(6), soa(4), soa(6), soa(6))],
    "changes to serial 6 are followed by such to 7": [ixfr(soa(8), soa(5), soa(6), soa(7), soa(8), soa(8))],
    "answers NOTIMP to IXFR": [message(type_=IXFR, flags=QR | Rcode.NOTIMP)],
    "answers REFUSED to IXFR": [message(type_=IXFR, flags=QR | Rcode.REFUSED)],
    "without records": [message(type_=IXFR)],
}


@pytest.mark.parametrize(("fault", "messages"), UNFIT.items(), ids=str)
def test_an_ixfr_that_does_not_fit_leaves_the_axfr(fault: str, messages: list[bytes]) -> None:
    with pytest.raises(MismatchError, match=fault):
        read(messages, 5)


@pytest.mark.parametrize("limits", [Limits(records=3), Limits(octets=150)])
def test_a_transfer_without_end_ends(limits: Limits) -> None:
    with pytest.raises(TransferError, match="more than"):
        read([message(soa(2), ns(), WWW, MAIL)], limits=limits)


@given(
    some.lists(some.sampled_from([*STEPS, ns(), a("x.example.net"), soa(5, "x.example.org")]), max_size=8), some.data()
)
def test_any_sequence_ends_or_raises(records: list[Record], data: some.DataObject) -> None:
    serial = data.draw(some.sampled_from([None, 5, 6]))
    sizes = data.draw(some.lists(some.integers(1, 3)))
    type_ = AXFR if serial is None else IXFR
    try:
        incoming, added = read([message(*group, type_=type_) for group in split(records, sizes)], serial)
    except TransferError:
        return
    if incoming.done:
        assert incoming.soa is not None
        assert (incoming.style is Style.WHOLE) == bool(added)
        assert (incoming.style is Style.CHANGES) == bool(incoming.differences)


@given(some.binary(max_size=200), some.sampled_from([None, 5]))
def test_any_octets_are_read_or_refused(junk: bytes, serial: int | None) -> None:
    whole = message(soa(6), ns(), WWW, soa(6), type_=AXFR if serial is None else IXFR)
    for wire in (junk, whole[:29] + junk, whole[: len(junk)] + junk):
        with suppress(TransferError):
            read([wire], serial)


def test_a_large_message_is_read_in_steps() -> None:
    incoming = Incoming(Asked(ORIGIN, ID), lambda *_: None)
    wire = message(soa(1), *(a(f"h{i}.example.org") for i in range(1000)), soa(1))
    assert sum(1 for _ in incoming.take(wire)) >= 25

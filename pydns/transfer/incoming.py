"""The answer to one AXFR or IXFR, message after message: bytes in, records out. No sockets.

An IXFR may be answered in three ways (RFC 1995 section 4), which its first two records tell apart:

    SOA                                 what we have is current, where that SOA is no newer (`CURRENT`)
    SOA, SOA of ours, ...               what changed since: for each step the old SOA and what goes, the new one and
                                        what comes, and at the end the newest SOA again (`CHANGES`)
    SOA, any other record, ..., SOA     the whole zone, as AXFR gives it (`WHOLE`)

Whatever fits none of these raises TransferError, and nothing of it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import Enum, auto
from typing import Final, NamedTuple

from pydns.errors import WireError
from pydns.names import is_within, to_text
from pydns.records import Rcode, Record, Type, rcode_text
from pydns.transfer.errors import MismatchError, TransferError
from pydns.transfer.reading import Found, records
from pydns.transfer.soa import Soa, read_soa
from pydns.wire.scan import HEADER, read_name
from pydns.zone.rrset import is_later

_SOA: Final = int(Type.SOA)
_IXFR: Final = int(Type.IXFR)
_RECORDS_A_STEP: Final = 40  # some 0.2 ms, and 4 where each name is a long chain of pointers


class Limits(NamedTuple):
    """What one transfer may take: records, their octets, and seconds for all of it and between two messages.

    `changes` are the records of an IXFR: beyond them the whole zone is had for less.
    """

    records: int = 10_000_000
    changes: int = 500_000
    octets: int = 1 << 30
    seconds: float = 7200.0
    idle: float = 30.0


class Asked(NamedTuple):
    """What was asked. `serial` is that of the zone that we have, for an IXFR; None for an AXFR."""

    origin: bytes
    id: int
    serial: int | None = None

    @property
    def type(self) -> int:
        return int(Type.AXFR) if self.serial is None else _IXFR


class Style(Enum):
    """How it was answered."""

    CURRENT = auto()
    WHOLE = auto()
    CHANGES = auto()


class Difference(NamedTuple):
    """One step from a serial to the next. The SOA records are in it as well, the old as removed, the new as added."""

    removed: list[Record]
    added: list[Record]


class _State(Enum):
    FIRST = auto()  # nothing came yet
    SECOND = auto()  # the first SOA came
    WHOLE = auto()
    REMOVED = auto()
    ADDED = auto()
    DONE = auto()


Add = Callable[[bytes, int, int, bytes], None]


class Incoming:
    """`take` each message until `done`. `style` says what came: for WHOLE `add` was called with each record.

    `soa` is the zone's new one, `differences` what changed.
    """

    def __init__(self, asked: Asked, add: Add, limits: Limits = Limits()) -> None:  # noqa: B008 -- it is immutable
        self.asked = asked
        self.soa: Soa | None = None
        self.style: Style | None = None
        self.differences: list[Difference] = []
        self.records = 0
        self.octets = 0
        self.messages = 0
        self._add = add
        self._limits = limits
        self._state = _State.FIRST
        self._first: Found | None = None

    @property
    def done(self) -> bool:
        return self._state is _State.DONE

    @property
    def is_undecided(self) -> bool:
        """An IXFR brought a newer SOA, and nothing that tells how it goes on. As over UDP, that may be all there is."""
        return self._state is _State.SECOND and self.asked.serial is not None

    def take(self, wire: bytes) -> Generator[None, None, None]:
        """Reads a message (its TSIG checked and taken off before), in steps of some milliseconds.

        Raises TransferError; MismatchError where an AXFR may still give the zone.
        """
        try:
            offset, count = self._check(wire)
            self.messages += 1
            for i, found in enumerate(records(wire, offset, count), 1):
                self._take_record(found)
                if not i % _RECORDS_A_STEP:
                    yield
        except WireError as error:
            raise TransferError(f"message {self.messages} cannot be read: {error.reason}") from None
        if self._state is _State.SECOND and self.asked.serial is not None:
            self._judge_single_soa()

    def _check(self, wire: bytes) -> tuple[int, int]:
        """The offset of the first record, and how many there are."""
        if self.done:
            raise TransferError("a message behind the last one")
        if len(wire) < HEADER.size:
            raise TransferError("a message shorter than a header")
        id_, flags, questions, answers, _, _ = HEADER.unpack_from(wire)
        if id_ != self.asked.id:
            raise TransferError("a message with another id")
        if flags & 0xF800 != 0x8000:
            raise TransferError("a message that is no answer to a query")
        if rcode := flags & 15:
            text = f"the primary answers {rcode_text(rcode)}"
            if self.asked.serial is not None and not self.messages:
                raise MismatchError(f"{text} to IXFR")
            raise TransferError(_with_reason(text, rcode))
        if flags & 0x0200:
            raise TransferError("a cut message (TC) over TCP")
        if questions > 1 or (not questions and not self.messages):
            raise TransferError(f"a message with {questions} questions")
        offset = HEADER.size
        if questions:
            name, end = read_name(wire, offset)
            offset = end + 4
            if name != self.asked.origin or wire[end:offset] != self.asked.type.to_bytes(2) + b"\0\1":
                raise TransferError("a message that answers another question")
        if not answers:
            kind = MismatchError if self.asked.serial is not None and not self.messages else TransferError
            raise kind("a message without records")
        return offset, answers

    def _take_record(self, found: Found) -> None:
        owner, type_, _, rdata = found
        self.records += 1
        self.octets += len(owner) + len(rdata) + 10
        if self.records > self._limits.records or self.octets > self._limits.octets:
            raise TransferError(f"more than {self._limits.records} records or {self._limits.octets} octets")
        if self.records > self._limits.changes and self.style is Style.CHANGES:
            raise MismatchError(f"more than {self._limits.changes} changes")
        if self._state is _State.DONE:
            raise TransferError("records behind the closing SOA")
        if type_ == _SOA:
            self._take_soa(found)
            return
        if self._state is _State.FIRST:
            raise TransferError("it does not begin with the zone's SOA")
        if not is_within(owner, self.asked.origin):
            raise TransferError(f"{to_text(owner)} is not within the zone")
        if self._state is _State.SECOND:
            self._begin_whole()
        if self._state is _State.WHOLE:
            self._add(*found)
        else:
            difference = self.differences[-1]
            into = difference.removed if self._state is _State.REMOVED else difference.added
            into.append(_record(found))

    def _take_soa(self, found: Found) -> None:
        owner, _, _, rdata = found
        if owner != self.asked.origin:
            raise TransferError(f"the SOA of another zone, {to_text(owner)}")
        soa = read_soa(rdata)
        state = self._state
        if state is _State.FIRST:
            self.soa, self._first, self._state = soa, found, _State.SECOND
        elif state is _State.SECOND:
            self._take_second_soa(soa, found)
        elif state is _State.WHOLE:
            self._close(soa)
        elif state is _State.REMOVED:
            self.differences[-1].added.append(_record(found))
            self._state = _State.ADDED
        else:
            self._end_or_go_on(soa, found)

    def _take_second_soa(self, soa: Soa, found: Found) -> None:
        assert self.soa is not None
        serial = self.asked.serial
        if serial is not None and soa.serial == serial != self.soa.serial:
            self.style, self._state = Style.CHANGES, _State.REMOVED
            self.differences.append(Difference([_record(found)], []))
        elif soa == self.soa:  # a zone of nothing else
            self._begin_whole()
            self._close(soa)
        elif serial is not None:
            raise MismatchError(f"it gives changes since serial {soa.serial}, and we have {serial}")
        else:
            raise TransferError(f"two SOA records, of serial {self.soa.serial} and {soa.serial}")

    def _begin_whole(self) -> None:
        assert self._first is not None
        self.style, self._state = Style.WHOLE, _State.WHOLE
        self._add(*self._first)

    def _close(self, soa: Soa) -> None:
        """RFC 5936 section 2.2: the last record is the first once more; else what stands between is of two zones."""
        assert self.soa is not None
        if soa != self.soa:
            raise TransferError(f"it begins with serial {self.soa.serial} and ends with {soa.serial}: the zone changed")
        self._state = _State.DONE

    def _end_or_go_on(self, soa: Soa, found: Found) -> None:
        """An SOA behind what was added: the newest closes it, else it begins the next step."""
        assert self.soa is not None
        reached = read_soa(self.differences[-1].added[0].rdata)
        if soa.serial != reached.serial:
            raise MismatchError(f"changes to serial {reached.serial} are followed by such to {soa.serial}")
        if soa == self.soa:
            self._state = _State.DONE
        else:
            self._state = _State.REMOVED
            self.differences.append(Difference([_record(found)], []))

    def _judge_single_soa(self) -> None:
        """An IXFR whose first message holds one SOA: nothing is newer, or more is to come (RFC 1995 section 2)."""
        assert self.soa is not None
        assert self.asked.serial is not None
        if not is_later(self.soa.serial, self.asked.serial):
            self.style, self._state = Style.CURRENT, _State.DONE


def _record(found: Found) -> Record:
    owner, type_, ttl, rdata = found
    return Record(owner, type_, 1, ttl, rdata)


def _with_reason(text: str, rcode: int) -> str:
    if rcode == Rcode.REFUSED:
        return f"{text}: does it allow us to transfer the zone?"
    if rcode == Rcode.NOTAUTH:
        return f"{text}: does it hold the zone, and know the key?"
    return text

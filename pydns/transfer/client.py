"""Asks a primary: for its serial, and for the zone."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from pydns.errors import WireError, ZoneError
from pydns.names import LOWER
from pydns.records import Record, Type, rcode_text
from pydns.steps import in_slices
from pydns.transfer.condense import condensed
from pydns.transfer.errors import MismatchError, SilentError, TransferError
from pydns.transfer.incoming import Asked, Incoming, Limits, Style
from pydns.transfer.link import CONNECTING, connected, exchange
from pydns.transfer.question import soa_query, soa_question, transfer_query
from pydns.transfer.reading import records
from pydns.transfer.signing import request
from pydns.transfer.soa import Soa, read_soa
from pydns.tsig.errors import TsigError
from pydns.wire.scan import HEADER
from pydns.zone.builder import Builder
from pydns.zone.difference import MOST, Delta
from pydns.zone.rrset import is_later

if TYPE_CHECKING:
    from pydns.tsig.key import Key
    from pydns.upstream.endpoint import Endpoint
    from pydns.zone.zone import Zone

_SOA: Final = int(Type.SOA)

TRIES: Final = (1.0, 2.0, 4.0)
"""Seconds that each try of an SOA query over UDP waits for its answer."""


class Primary(NamedTuple):
    """Where a zone comes from; with a `key` both sides sign."""

    endpoint: Endpoint
    key: Key | None = None

    def __str__(self) -> str:
        return str(self.endpoint)


class Transferred(NamedTuple):
    """What came. `zone` is None where ours is current; `delta` is what changed, where IXFR told and it is not much."""

    zone: Zone | None
    serial: int
    style: Style
    records: int
    octets: int
    messages: int
    seconds: float
    delta: Delta | None = None

    @property
    def kind(self) -> str:
        return {Style.WHOLE: "AXFR", Style.CHANGES: "IXFR", Style.CURRENT: "SOA"}[self.style]


async def ask_soa(primary: Primary, origin: bytes) -> Soa:
    """What the primary's SOA says now, asked over UDP, and over TCP where that gives none. Raises TransferError.

    Firewalls drop one of the two, and Knot answers queries for its catalogs over TCP alone.
    """
    with _told():
        for patience in TRIES:
            with trio.move_on_after(patience):
                with suppress(OSError):  # a firewall that rejects it, or nobody at that port
                    soa = await _ask_over_udp(primary, origin)
                    if soa is not None:
                        return soa
                break
        return await _ask_over_tcp(primary, origin)


async def _ask_over_udp(primary: Primary, origin: bytes) -> Soa | None:
    """None where the answer is cut, or an error. What is no answer to this is passed over: it may be forged."""
    id_ = secrets.randbits(16)
    asking = request(soa_query(origin, id_), primary.key)
    async with aclosing(exchange(primary.endpoint, asking.wire)) as messages:
        async for wire in messages:
            if not _answers(wire, origin, id_):
                continue
            try:
                answer = asking.verify(wire)
            except TsigError as error:
                if error.fault is None:
                    continue
                raise
            return None if answer[2] & 0x02 or answer[3] & 0x0F else _soa_of(answer, origin)
    raise AssertionError("datagrams do not end")


async def _ask_over_tcp(primary: Primary, origin: bytes) -> Soa:
    id_ = secrets.randbits(16)
    asking = request(soa_query(origin, id_), primary.key)
    async with connected(primary.endpoint) as stream:
        await stream.send(asking.wire)
        with trio.fail_after(CONNECTING):
            wire = asking.verify(await stream.receive())
    if not _answers(wire, origin, id_):
        raise TransferError("an answer to something else")
    return _soa_of(wire, origin)


def _answers(wire: bytes, origin: bytes, id_: int) -> bool:
    end = 12 + len(origin) + 4
    if len(wire) < end or wire[:2] != id_.to_bytes(2) or wire[2] & 0xF8 != 0x80 or wire[4:6] != b"\0\1":
        return False
    question = wire[12:end]
    return question[:-4].translate(LOWER) + question[-4:] == soa_question(origin)


def _soa_of(wire: bytes, origin: bytes) -> Soa:
    if rcode := wire[3] & 15:
        raise TransferError(f"the primary answers {rcode_text(rcode)}")
    answers = HEADER.unpack_from(wire)[3]
    for owner, type_, _, rdata in records(wire, 12 + len(origin) + 4, answers):
        if owner == origin and type_ == Type.SOA:
            if not wire[2] & 0x04:
                raise TransferError("the primary is not authoritative for the zone: has it expired there?")
            return read_soa(rdata)
    raise TransferError("the primary has no SOA record of the zone")


async def transfer(
    primary: Primary,
    origin: bytes,
    ours: Zone | None,
    limits: Limits = Limits(),  # noqa: B008 -- it is immutable
) -> Transferred:
    """The zone as the primary has it: by IXFR where we have one, else or where that does not fit by AXFR.

    Raises TransferError; then nothing has changed.
    """
    with _told(limits):
        with trio.fail_after(limits.seconds):
            try:
                found = await _transfer(primary, origin, ours, limits)
            except MismatchError:
                found = await _transfer(primary, origin, None, limits)
    if (
        ours is not None
        and found.zone is not None
        and found.serial != ours.serial
        and not is_later(found.serial, ours.serial)
    ):
        raise TransferError(f"the primary has serial {found.serial}, which is older than ours, {ours.serial}")
    return found


async def _transfer(primary: Primary, origin: bytes, ours: Zone | None, limits: Limits) -> Transferred:
    began = time.monotonic()
    asked = Asked(origin, secrets.randbits(16), ours.serial if ours is not None else None)
    builder = Builder(origin)
    incoming = Incoming(asked, builder.add, limits)
    asking = request(transfer_query(asked, ours.soa if ours is not None else None), primary.key)
    async with connected(primary.endpoint) as stream:
        await stream.send(asking.wire)
        while not incoming.done:
            try:
                with trio.fail_after(limits.idle):
                    wire = await stream.receive()
            except (TransferError, trio.TooSlowError):
                if incoming.is_undecided:
                    raise MismatchError("nothing came behind the first SOA") from None
                raise
            await in_slices(incoming.take(asking.verify(wire)))
    asking.end()
    assert incoming.soa is not None
    assert incoming.style is not None
    zone, delta = None, None
    if incoming.style is Style.WHOLE:
        zone = await in_slices(builder.finish())
    elif incoming.style is Style.CHANGES:
        assert ours is not None
        zone, delta = await _changed(ours, incoming)
    return Transferred(
        zone,
        incoming.soa.serial,
        incoming.style,
        incoming.records,
        incoming.octets,
        incoming.messages,
        time.monotonic() - began,
        delta,
    )


async def _changed(ours: Zone, incoming: Incoming) -> tuple[Zone, Delta | None]:
    (old,) = ours.soa.records()
    if read_soa(incoming.differences[0].removed[0].rdata) != read_soa(old.rdata):
        raise MismatchError("changes of another zone: its SOA of our serial is not ours")
    try:
        removed, added = await in_slices(condensed(incoming.differences))
        zone = await in_slices(ours.changing(removed, added))
    except ZoneError as error:
        raise MismatchError(f"changes that do not fit: {error}") from None
    if len(removed) + len(added) > MOST:
        return zone, None  # nobody would keep it
    (new,) = zone.soa.records()
    return zone, Delta(old, _without_soa(removed), new, _without_soa(added))


def _without_soa(records: list[Record]) -> tuple[Record, ...]:
    return tuple([record for record in records if record[1] != _SOA])


@contextmanager
def _told(limits: Limits | None = None) -> Iterator[None]:
    """What may go wrong on the way, as TransferError."""
    try:
        yield
    except OSError as error:
        raise SilentError(os.strerror(error.errno) if error.errno else str(error)) from error
    except trio.TooSlowError:
        patience = f" in {limits.idle:g} s, or no end in {limits.seconds:g} s" if limits else ""
        raise SilentError(f"nothing came{patience}") from None
    except WireError as error:
        raise TransferError(f"a message that cannot be read: {error.reason}") from error
    except TsigError as error:
        raise TransferError(f"TSIG: {error}") from error
    except ZoneError as error:
        raise TransferError(f"what came is no zone: {error}") from error

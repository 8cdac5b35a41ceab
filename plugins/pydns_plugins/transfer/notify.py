"""One NOTIFY (RFC 1996): the message, what answers it, and asking again until somebody does."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from pydns.names import LOWER
from pydns.records import Class, Opcode, Rcode, Type, rcode_text
from pydns.tsig.client import SignedRequest
from pydns.tsig.errors import TsigError
from pydns.wire.scan import HEADER

if TYPE_CHECKING:
    from pydns.tsig.key import Key
    from pydns.upstream.endpoint import Endpoint
    from pydns.zone.zone import Zone

PATIENCE: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds for which an answer is awaited, try after try (RFC 1996 section 3.6)."""

_FLAGS: Final = Opcode.NOTIFY << 11 | 0x0400  # AA (section 3.7)
_SAME: Final = 0xF800  # of the flags of an answer: QR and the opcode
_TO_QUESTION: Final = b"\xc0\x0c"


class Outcome(NamedTuple):
    """`accepted`, or why not: `refused`, `unanswered`. `why` is for people."""

    word: str
    why: str = ""


def notify(zone: Zone, id_: int) -> bytes:
    """The message, with the new SOA as a hint (RFC 1996 section 3.7)."""
    question = zone.origin + int(Type.SOA).to_bytes(2) + int(Class.IN).to_bytes(2)
    (soa,) = zone.soa.records()
    fixed = b"".join((int(Type.SOA).to_bytes(2), int(Class.IN).to_bytes(2), soa.ttl.to_bytes(4)))
    record = _TO_QUESTION + fixed + len(soa.rdata).to_bytes(2) + soa.rdata
    return HEADER.pack(id_, _FLAGS, 1, 1, 0, 0) + question + record


def rcode_of(answer: bytes, asked: bytes, question_end: int) -> int | None:
    """The rcode of what answers a NOTIFY; None where it is something else."""
    if len(answer) < 12 or answer[:2] != asked[:2]:
        return None
    flags = answer[2] << 8 | answer[3]
    if flags & _SAME != 0x8000 | Opcode.NOTIFY << 11:
        return None
    question = asked[12:question_end]
    if answer[4:6] == b"\0\1" and answer[12:question_end].translate(LOWER) != question.translate(LOWER):
        return None  # RFC 1996 section 3.8: question and all, but some leave it out with an error
    return flags & 15


async def tell(zone: Zone, target: Endpoint, key: Key | None, source: str | None) -> Outcome:
    """Sends it until it is answered, or there is no patience left."""
    why = [f"no answer to {len(PATIENCE)} tries"]
    for patience in PATIENCE:
        with trio.move_on_after(patience):
            try:
                rcode, complaint = await _ask(zone, target, key, source, why)
            except OSError as error:  # it may be there again at the next try
                why[0] = error.strerror or str(error)
                await trio.sleep_forever()
            if rcode == Rcode.NOERROR:
                return Outcome("accepted")
            why[0] = complaint or rcode_text(rcode)
            if rcode != Rcode.SERVFAIL:
                return Outcome("refused", why[0])
            await trio.sleep_forever()
    return Outcome("unanswered", why[0])


async def _ask(zone: Zone, target: Endpoint, key: Key | None, source: str | None, why: list[str]) -> tuple[int, str]:
    """The rcode of the first answer that is one, and what the peer says of our signature.

    Why an answer was not taken is put into `why`.
    """
    message = notify(zone, secrets.randbelow(1 << 16))
    signed = SignedRequest(message, key) if key is not None else None
    family, address = target.resolved(socket.SOCK_DGRAM)
    with trio.socket.socket(family, socket.SOCK_DGRAM) as asking:
        if source is not None and (":" in source) == (":" in target.host):
            await asking.bind((source, 0))
        await asking.connect(address)
        await asking.send(signed.wire if signed is not None else message)
        while True:
            answer = await asking.recv(4096)
            rcode = rcode_of(answer, message, 12 + len(zone.origin) + 4)
            if rcode is None:
                continue
            if signed is not None:
                try:
                    signed.verify(answer)
                except TsigError as error:
                    if error.fault is not None:
                        return rcode or Rcode.NOTAUTH, str(error)
                    why[0] = f"answered with {error}"
                    continue  # somebody else may have sent it
            return rcode, ""

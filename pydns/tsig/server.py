"""The answering side: checks a request's signature, and signs what answers it."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.tsig.algorithms import LEAST
from pydns.tsig.errors import Fault
from pydns.tsig.mac import Chain
from pydns.tsig.record import Tsig, split

if TYPE_CHECKING:
    from pydns.query import Query
    from pydns.tsig.key import Key

FUDGE: Final = 300
"""Seconds by which clocks may differ (RFC 8945 section 10)."""

_TIME: Final = 6  # octets of the other data of BADTIME

Clock = Callable[[], float]


class Signature:
    """The signature of one request, as it was found, and what signs the messages that answer it.

    * `key`: the name of the key; `fault` is why it is not taken, None where it is good
    * `room`: octets that a signature adds to a message at most

    It is the last step of an answer (`Reply.finish`), and signs each following message by `sign`.
    """

    __slots__ = ("_chain", "_clock", "_length", "_request", "fault", "key", "room")

    def __init__(self, request: Tsig, chain: Chain | None, length: int, fault: Fault | None, clock: Clock) -> None:
        """Without a `chain` the answers have no MAC, with one they have MACs of `length` octets."""
        self._request = request
        self._length = length
        self._chain = chain
        self._clock = clock
        self.key = request.name
        self.fault = fault
        empty = request._replace(mac=bytes(length), other=bytes(_TIME))
        self.room = len(empty.appended(bytes(12))) - 12

    def __call__(self, _query: Query, answer: bytes) -> bytes:
        return self.sign(answer)

    def sign(self, answer: bytes) -> bytes:
        """The message with a TSIG record; call it for each message of the answer, in their order."""
        request, fault = self._request, self.fault
        now, other = int(self._clock()), b""
        if fault is Fault.BADTIME:
            now, other = request.time, now.to_bytes(_TIME)  # RFC 8945 section 5.2.3
        id_ = int.from_bytes(answer[:2])
        record = Tsig(request.name, request.algorithm, now, FUDGE, b"", id_, fault or 0, other)
        if self._chain is None:
            return record.appended(answer)
        mac = self._chain.mac(answer, record)[: self._length]
        self._chain.went(mac)
        return record._replace(mac=mac).appended(answer)


def read_signature(wire: bytes, find: Callable[[bytes], Key | None], clock: Clock = time.time) -> Signature | None:
    """What a request's TSIG record is worth, checked in the order of RFC 8945 section 5.2; None where it has none.

    `find` gives the key of a name. Raises WireError where it is malformed, or its MAC of a length that none may have.
    """
    found = split(wire)
    if found is None:
        return None
    unsigned, record = found
    key = find(record.name)
    key = key.taken_with(record.algorithm) if key is not None else None
    if key is None:
        return Signature(record, None, 0, Fault.BADKEY, clock)  # section 5.3.2: told without a MAC, as BADSIG is
    length, whole = len(record.mac), key.algorithm.lengths[record.algorithm]
    if not max(LEAST, whole // 2) <= length <= whole:
        raise WireError(f"a MAC of {length} octets")
    if not hmac.compare_digest(Chain(key).mac(unsigned, record)[:length], record.mac):
        return Signature(record, None, 0, Fault.BADSIG, clock)
    fault = None
    if abs(int(clock()) - record.time) > record.fudge:
        fault = Fault.BADTIME
    elif length < key.algorithm.least:
        fault = Fault.BADTRUNC
        length = min(key.algorithm.least, whole)
    return Signature(record, Chain(key, record.mac), length, fault, clock)

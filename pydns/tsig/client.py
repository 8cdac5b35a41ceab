"""The asking side: signs a request, and checks what answers it, be it one message or a sequence of them."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Final

from pydns.errors import WireError
from pydns.names import to_text
from pydns.tsig.algorithms import LEAST
from pydns.tsig.errors import Fault, TsigError, fault_text, known_fault
from pydns.tsig.mac import Chain
from pydns.tsig.record import Tsig, split
from pydns.tsig.server import FUDGE, Clock

if TYPE_CHECKING:
    from pydns.tsig.key import Key

MOST_UNSIGNED: Final = 99
"""Messages of a sequence between two signed ones (RFC 8945 section 5.3.1)."""


class SignedRequest:
    """A request that was signed with `key` (`wire`), and the answers to it.

    Call `verify` with each message that comes, in their order, and `end` behind the last one of a sequence.
    """

    __slots__ = ("_chain", "_clock", "_first", "_key", "_unsigned", "wire")

    def __init__(self, message: bytes, key: Key, clock: Clock = time.time) -> None:
        self._key = key
        self._clock = clock
        self._first = True
        self._unsigned = 0
        record = Tsig(key.name, key.algorithm.name, int(clock()), FUDGE, b"", int.from_bytes(message[:2]))
        mac = Chain(key).mac(message, record)[: key.algorithm.least]
        self._chain = Chain(key, mac)
        self.wire = record._replace(mac=mac).appended(message)

    def verify(self, answer: bytes) -> bytes:
        """The answer without its TSIG record.

        Raises TsigError where it is not from who has the key. Of one message that may mean that somebody else sent it,
        and the right one is still to come (RFC 8945 section 5.3); its `fault` is what an honest peer complains about.
        """
        try:
            found = split(answer)
        except WireError as error:
            raise TsigError(error.reason) from None
        if found is None:
            if self._first or self._unsigned == MOST_UNSIGNED:
                raise TsigError("a message without a signature")
            self._unsigned += 1
            self._chain.skipped(answer)
            return answer
        message, record = found
        self._check(message, record)
        self._first = False
        self._unsigned = 0
        self._chain.went(record.mac)
        return answer[:2] + message[2:]

    def end(self) -> None:
        """Raises TsigError where the last message of the sequence was not signed."""
        if self._first or self._unsigned:
            raise TsigError("the last message has no signature")

    def _check(self, message: bytes, record: Tsig) -> None:
        key = self._key
        whole = key.algorithm.lengths.get(record.algorithm)
        if record.name != key.name or whole is None:
            raise TsigError(f"signed with another key: {to_text(record.name)} {to_text(record.algorithm)}")
        length = len(record.mac)
        if not length and record.error in (Fault.BADKEY, Fault.BADSIG):  # without a MAC: anybody may have sent it
            raise TsigError(f"the peer says {fault_text(record.error)}", known_fault(record.error))
        if not max(LEAST, whole // 2) <= length <= whole:
            raise TsigError(f"a MAC of {length} octets")
        if not hmac.compare_digest(self._chain.mac(message, record)[:length], record.mac):
            raise TsigError("its MAC is not that of the message")
        if record.error:
            raise TsigError(f"the peer says {self._complaint(record)}", known_fault(record.error))
        if abs(int(self._clock()) - record.time) > record.fudge:
            raise TsigError(f"signed {abs(int(self._clock()) - record.time)} s from now")
        if length < key.algorithm.least:
            raise TsigError(f"a MAC cut to {length} octets")

    def _complaint(self, record: Tsig) -> str:
        text = fault_text(record.error)
        if record.error == Fault.BADTIME and len(record.other) == 6:
            text += f": its clock is at {int.from_bytes(record.other)}, ours at {int(self._clock())}"
        return text

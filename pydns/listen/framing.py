"""Messages out of the octets of a stream, and back: each stands behind its length in two octets. No I/O.

RFC 1035 section 4.2.2; how the octets come in segments means nothing (RFC 7766 section 8).
"""

from __future__ import annotations

import sys
from typing import Final

from pydns.errors import WireError

SHORTEST: Final = 12
"""Octets of a header, without which nothing is a message (RFC 1035 section 4.1.1)."""

LONGEST: Final = 65535
"""Octets of which the prefix can tell."""


def framed(message: bytes) -> bytes:
    """The message behind its length. Raises OverflowError over `LONGEST` octets."""
    return len(message).to_bytes(2) + message


class MessageReader:
    """Takes the octets of one stream as they come, and gives them back in whole messages."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = bytearray()
        """What came and was not given back yet: at most a piece of a message, unless `most` held some back."""

    def feed(self, octets: bytes, most: int = sys.maxsize) -> list[bytes]:
        """The messages that are whole now, at most so many; the others come with the next calls.

        Raises WireError where a length comes that no message has. What stood before it was given back by earlier
        calls, and nothing behind it can be read.
        """
        rest = self.rest
        source: bytes | bytearray = octets
        if rest:
            rest += octets
            source = rest
        messages: list[bytes] = []
        at, size = 0, len(source)
        while size - at >= 2 and len(messages) < most:
            length = source[at] << 8 | source[at + 1]
            if length < SHORTEST:
                if messages:
                    break
                rest.clear()
                raise WireError(f"a length of {length} octets, and a message has {SHORTEST}", reply_with=None)
            end = at + 2 + length
            if end > size:
                break
            messages.append(bytes(source[at + 2 : end]))
            at = end
        if source is rest:
            del rest[:at]
        elif at < size:
            rest += octets[at:]
        return messages

    @property
    def held(self) -> bool:
        """True where `feed(b"")` would give a message, or raise."""
        rest = self.rest
        if len(rest) < 2:
            return False
        length = rest[0] << 8 | rest[1]
        return length < SHORTEST or len(rest) >= 2 + length

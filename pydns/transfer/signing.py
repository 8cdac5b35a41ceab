"""One question to a primary and all messages that answer it: signed where there is a key, plain where there is none."""

from __future__ import annotations

from typing import Protocol

from pydns.tsig.client import SignedRequest
from pydns.tsig.key import Key


class Request(Protocol):
    """`wire` is what is sent; see `pydns.tsig.client.SignedRequest`."""

    wire: bytes

    def verify(self, answer: bytes) -> bytes:
        """The answer without its signature. Raises TsigError."""
        ...

    def end(self) -> None:
        """That was the last message. Raises TsigError where it should have been signed."""
        ...


class PlainRequest:
    """Takes any answer."""

    def __init__(self, message: bytes) -> None:
        self.wire = message

    def verify(self, answer: bytes) -> bytes:
        return answer

    def end(self) -> None:
        pass


def request(message: bytes, key: Key | None) -> Request:
    return PlainRequest(message) if key is None else SignedRequest(message, key)

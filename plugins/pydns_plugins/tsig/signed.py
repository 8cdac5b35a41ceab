"""The messages that follow the first of an answer, each signed (RFC 8945 section 5.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydns.reply import Messages
    from pydns.tsig.server import Signature


class Signed:
    """`messages`, each with a signature that goes on from the one before."""

    __slots__ = ("_messages", "_signature")

    def __init__(self, messages: Messages, signature: Signature) -> None:
        self._messages = messages
        self._signature = signature

    def __next__(self) -> bytes:
        return self._signature.sign(self._messages.__next__())

    def close(self) -> None:
        self._messages.close()

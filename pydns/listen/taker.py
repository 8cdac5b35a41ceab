"""The seam between listeners and the server behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pydns.query import Client

if TYPE_CHECKING:
    from pydns.reply import Messages


class Answerable(Client, Protocol):
    """A client that sent one message and can be answered."""

    def send(self, answer: bytes | None) -> None:
        """Takes the answer to its message; None where there will be none. Never waits, never raises."""

    def lasting(self) -> Answerable:
        """Itself, or in its place one that holds longer than the call in which it came."""


class Stream(Answerable, Protocol):
    """A client of a transport on which an answer may be several messages."""

    def follow(self, messages: Messages) -> None:
        """These leave behind the answer that the next `send` is given, in their order."""


class Taker(Protocol):
    """Takes messages from listeners."""

    def take(self, wire: bytes, client: Answerable, now: float) -> None:
        """Takes one message that came `now`, on trio's clock. `client.send` is called once for it, at once or later."""

    def go(self) -> None:
        """Call it after a batch of `take`: what was queued is worked on now."""

"""Whether an upstream is up: checks begin when a query to it failed, and end when a check was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydns.names import ROOT
from pydns.records import Class, Type
from pydns.upstream.request import Request

CHECK_TIMEOUT: Final = 1.0
"""Seconds in which a check must be answered."""

_RD: Final = 0x0100


@dataclass(frozen=True, slots=True)
class Checks:
    """How upstreams are checked: a query for `domain` NS, whose answer may be any.

    * `interval`: seconds between two checks
    * `max_fails`: so many failed checks in a row make an upstream down; 0: none is ever down, nor checked
    * `recursion`: the check asks for recursion
    * `stream`: it is made over TCP
    """

    interval: float = 0.5
    max_fails: int = 2
    recursion: bool = True
    domain: bytes = ROOT
    stream: bool = False

    @property
    def request(self) -> Request:
        question = self.domain + int(Type.NS).to_bytes(2) + int(Class.IN).to_bytes(2)
        return Request(question, _RD if self.recursion else 0, False)


class Health:
    """`down` while it is not to be asked. `fails` are the checks that failed in a row."""

    __slots__ = ("_max_fails", "down", "fails")

    def __init__(self, max_fails: int) -> None:
        self._max_fails = max_fails
        self.fails = 0
        self.down = False

    def passed(self) -> None:
        self.fails = 0
        self.down = False

    def failed(self) -> None:
        self.fails += 1
        self.down = self._max_fails > 0 and self.fails >= self._max_fails

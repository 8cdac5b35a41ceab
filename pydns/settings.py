"""What directives say about their server block as a whole, beside the chain: each plugin's `configure` adds to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydns.corefile.tree import Word
    from pydns.http import Site
    from pydns.listen.limits import TcpLimits
    from pydns.query import Query
    from pydns.refusal import WatchRefusals
    from pydns.reply import Reply

    Observer = Callable[[Query, Reply, bytes | None, float], "Alike | None"]
    """Told of each client's query that a block has answered: the reply, the message that leaves (None where none does),
    and the seconds that it took. What it gives counts more such answers."""


class Alike(Protocol):
    """Counts so many answers that are like another in server, zone, transport, family, type, DO, rcode, plugin and both
    sizes: it can depend on nothing else. `seconds`: what each of them took; left out where it was no time, as replays.
    """

    def __call__(self, count: int, seconds: Sequence[float] = (), /) -> None: ...


@dataclass(frozen=True, slots=True)
class Reload:
    """How the Corefile is followed: seconds between two looks, and the random part that is added to each."""

    interval: float
    jitter: float


@dataclass(slots=True)
class Settings:
    """The settings of one server block.

    * `bind`, `bind_except`: addresses and names of interfaces to listen on, and those of them to leave out; without
      `bind` the block listens on all addresses
    * `filters`: a query belongs to the block only where all of these say so
    * `reload`: None where the block says nothing about it
    * `tcp`: what its TCP connections may do; of several blocks at an address the first that says something counts
    * `shed`: queries over UDP are dropped while a socket's answers cannot leave
    * `sites`: pages that are shown over HTTP
    * `observers`: see `Observer`
    * `refusals`: by a plugin's name who is told of messages to the block's addresses that are no plugin's matter; of
      several blocks at an address the first that has such a plugin counts
    * `workers`: how many processes are to answer; None where the block says nothing about it
    """

    bind: list[Word] = field(default_factory=list)
    bind_except: list[Word] = field(default_factory=list)
    filters: list[Callable[[Query], bool]] = field(default_factory=list)
    reload: Reload | None = None
    tcp: TcpLimits | None = None
    shed: bool = False
    sites: list[Site] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)
    refusals: dict[str, WatchRefusals] = field(default_factory=dict)
    workers: int | None = None

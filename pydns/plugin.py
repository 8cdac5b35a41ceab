"""THE CONTRACT: what a plugin is, and what the house gives it.

A plugin is a class. Its name in a Corefile is `name`. `parse` makes instances from the directives of that name; `serve`
answers a query, or passes it on with `call_next`, or does a little to what comes back. Plugins return replies and never
write to a socket.

A plugin whose answers stand in memory may also say them at once, without a coroutine (`at_once`, `amend`), which halves
what a query costs; and where they depend on name and type alone, in a form (`packed`, `passage`) that halves it once
more, as `relay` does for answers of upstreams. Where nothing in a chain waits, deriving from `AtOnce` in place of
`Plugin` is all: `at_once` and `amend` are then the whole plugin, and `serve` follows from them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Self

import trio

from pydns.changes import Changes
from pydns.family import Family
from pydns.later import Later
from pydns.metrics import Metrics
from pydns.packed import Packed, Passage
from pydns.records import Class, Opcode

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.logs import LineWriter
    from pydns.query import Query
    from pydns.relay import Relay
    from pydns.reply import Reply
    from pydns.settings import Settings
    from pydns.watch import Watcher
    from pydns.zone.master.reading import Fault

CallNext = Callable[["Query"], Coroutine[Any, Any, "Reply"]]
"""The rest of the chain. Call it once, more often (with changed queries), or not at all."""


class Turn(Enum):
    """What `Plugin.at_once` says where it has no answer."""

    NEXT = auto()
    """The query goes down the chain as it is."""

    SERVE = auto()
    """Only `serve` can tell. What was done so far must have had no effect: the whole chain is asked anew."""


class Plugin(ABC):
    """Derive from this class; `name`, `parse` and `serve` are all that must be there."""

    name: ClassVar[str]

    opcodes: ClassVar[frozenset[int]] = frozenset((Opcode.QUERY,))
    """Queries of other opcodes pass the plugin by. An opcode that nobody in the block declares is NOTIMP."""

    every_opcode: ClassVar[bool] = False
    """True where it stands also in the chains of those opcodes that others of the block declare, and has no answers."""

    classes: ClassVar[frozenset[int]] = frozenset((Class.IN,))
    """Classes that it can answer. A query of a class that nobody in the block declares is REFUSED."""

    reads_options: ClassVar[frozenset[int]] = frozenset()
    """Codes of EDNS options of the client's that its answers may depend on, of COOKIE, keepalive and padding.

    Where nobody on an address reads these, an answer is replayed to clients that differ in nothing else.
    """

    answers_later: ClassVar[bool] = False
    """True where `at_once` may give a `Later`."""

    amends_later: ClassVar[bool] = False
    """True where `at_once` and `amend` are all that `serve` does even where the reply comes later, or never.

    Not so where it changes the query, looks at the clock, ends the waiting, or keeps account of what is under way.
    """

    before: ClassVar[str] = "forward"
    """For a plugin from outside: it stands in the chain just ahead of this one (see `pydns.order`)."""

    frees_task: ClassVar[bool] = False
    """True where `serve` holds nothing of its task's while it awaits `call_next`: no cancel scope, nursery or lock.

    A query may then wait for an upstream without a task, which costs a third, and go on in another one. A plugin that
    opens a scope around some calls alone says True, and has `query.may_be_set_aside` be False for those.
    """

    single: ClassVar[bool] = False
    """True where its background work must exist once, however many worker processes there are (see `pydns.family`).

    Then the parent, which answers no query, does that work; the workers answer, and hear what it says (`Family.say`).
    """

    house: House
    """Set before `run`: see `House`."""

    @classmethod
    @abstractmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        """Instances in the order in which they stand in the chain, from all of a block's directives of this name.

        Pure: reads its arguments and nothing else (no socket, no file that it will serve, no network), so that
        `pydns check` runs it. Zones left out are the block's. Raises CorefileError, or CorefileErrorGroup for several.
        """
        ...

    @abstractmethod
    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        """The answer. Any exception that leaves here is SERVFAIL for the client, a count, and a line in the log."""
        ...

    # What follows may be left as it is.

    def at_once(self, query: Query) -> Reply | Turn | Later:
        """What `serve` would answer, where that can be said without a wait and without `call_next`.

        The reply is one that nobody else has: plugins ahead of this one may write to it. Or it is who was asked for
        one, and calls back (`answers_later`). A mere pass says `at_once = pass_on`.
        """
        return Turn.SERVE

    def amend(self, query: Query, reply: Reply) -> Reply | Turn:
        """What `serve` would make of a reply from further down that was there at once.

        `Turn.SERVE` before anything was counted where only `serve` can tell. A mere pass says `amend = leave`.
        """
        return Turn.SERVE

    def packed(self, name: bytes, type_: int) -> Packed | Turn:
        """What `at_once` would answer to a plain query of class IN whoever asks, its records ready for the message.

        Where an answer takes more than name and type (the client, DO) it is `Turn.SERVE`, as without this function.
        """
        return Turn.SERVE

    def passage(self) -> Passage | None:
        """What `amend` does to packed answers from below; None where it must see each of them, as a reply."""
        return None

    def relay(self, below: Relay | None) -> Relay | None:
        """How plain queries of class IN that come down to here are asked of an upstream: what is `below`, or its own.

        It may tighten that (`below._replace`). None where `at_once` or `amend` must see each, as a query or a reply.
        """
        return None

    def configure(self, settings: Settings) -> None:  # noqa: B027 -- most say nothing, and need not
        """Says what the directive means for the server block itself: where it listens, which queries are its own.

        Pure, as `parse` is, and called after it.
        """

    def stops(self) -> Sequence[bytes]:
        """Zones of which it passes no query on, so that `pydns chain` can tell who is never reached."""
        return ()

    def examine(self) -> Sequence[Fault]:
        """What is wrong with the files that it would serve. `pydns check` alone asks, and it may read them."""
        return ()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Background work, started with `nursery.start` and stopped by cancelling.

        `task_status.started()` means "may be asked". Where it raises it is logged, counted, and started again with
        back-off, while `serve` goes on with the last data.
        """
        task_status.started()

    async def stopping(self) -> None:  # noqa: B027 -- most have nothing to wait for
        """The server was told to stop. It answers on until this returns, in all plugins."""

    def ready(self) -> bool:
        """False while its data is not there yet; `/ready` names it then."""
        return True

    def report(self) -> Any:
        """What its page over HTTP must know of it: plain data.

        Of several processes the parent shows the pages; it gets this from each worker by `house.family.reports(self)`.
        """
        return None

    def inherit(self, old: Self) -> None:  # noqa: B027 -- most keep nothing, and need not
        """Take over what is worth keeping from the instance at the same place before a reload.

        Called before `run`, and only where the options, the zones and all below it in the block are unchanged.
        """


def pass_on(_plugin: Plugin, query: Query) -> Reply | Turn:
    """The `at_once` of a plugin that has no answers of its own."""
    return Turn.NEXT


def none_packed(_plugin: Plugin, name: bytes, type_: int) -> Packed | Turn:
    """The `packed` of a plugin that answers no plain query of class IN."""
    return Turn.NEXT


def leave(_plugin: Plugin, query: Query, reply: Reply) -> Reply | Turn:
    """The `amend` of a plugin that leaves replies as they are."""
    return reply


class AtOnce(Plugin):
    """A plugin that never waits: `at_once` and `amend` are all of it. Neither may give `Turn.SERVE`."""

    frees_task = True
    amends_later = True
    at_once = pass_on
    amend = leave

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        found = self.at_once(query)
        if found is Turn.NEXT:
            reply = await call_next(query)
            found = reply if reply.dropped else self.amend(query, reply)
        if isinstance(found, Turn | Later):
            raise TypeError(f"{self.name} never waits, and has no other way to tell")
        return found


@dataclass
class House:
    """What the process gives to each plugin: shared, and the same over reloads.

    * `lines`: where the query log goes; None: nowhere
    * `generations`: of each configuration that runs or starts, the plugins of each server block, in chain order
    * `port_of`: the port that an HTTP address of the Corefile really has, 0 where nothing listens there now
    * `family`: the other processes that answer, where there are any
    * `crowded`: True where so many queries wait for other servers that a plugin which would have one more wait drops it
      (`Reply.drop(OVERLOAD)`)
    * `debug`: how many `debug` directives live; above 0, errors are logged with their tracebacks
    """

    changes: Changes = field(default_factory=Changes)
    metrics: Metrics = field(default_factory=Metrics)
    watcher: Watcher | None = None
    lines: LineWriter | None = None
    family: Family = field(default_factory=Family)
    debug: int = 0
    generations: list[tuple[tuple[Plugin, ...], ...]] = field(default_factory=list)
    port_of: Callable[[str, int], int] = lambda host, port: port
    crowded: Callable[[], bool] = lambda: False

    def generation(self, plugin: Plugin) -> tuple[tuple[Plugin, ...], ...]:
        """All plugins of the configuration that `plugin` belongs to, block after block; none where it does not run."""
        for blocks in self.generations:
            if any(each is plugin for block in blocks for each in block):
                return blocks
        return ()

    def siblings(self, plugin: Plugin) -> tuple[Plugin, ...]:
        """The plugins of the server block that `plugin` stands in, itself among them, in the order of the chain."""
        for block in self.generation(plugin):
            if any(each is plugin for each in block):
                return block
        return ()

    @property
    def files(self) -> Watcher:
        """The process's one file watcher."""
        if self.watcher is None:
            raise RuntimeError("the file watcher runs only while the server does")
        return self.watcher

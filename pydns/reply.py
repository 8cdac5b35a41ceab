"""What a plugin returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from pydns.records import Rcode, Record

if TYPE_CHECKING:
    from pydns.query import Client, Query

OVERLOAD: Final = "overload"
"""Who drops a query (`Reply.drop`) that would have to wait where too many do already: see `House.crowded`."""

Finish = Callable[["Query", bytes], bytes]
"""Changes the message that is about to leave. Its attribute `room`, where it has one, is how many octets it adds."""


class Messages(Protocol):
    """Messages that follow an answer over a stream, made as the client takes them: a turn for each.

    What is left of them when the client is gone is never asked for; `close` is called in any case.
    """

    def __next__(self) -> bytes:
        """The next whole message, at most 65,535 octets; StopIteration behind the last. Takes a few ms at most.

        Where it raises something else the connection is closed: the client sees that the answer is not whole.
        """

    def close(self) -> None: ...


Credit = Callable[[int], None]
"""Counts so many replays of one answer. Those with the same credits are counted together, so they must be hashable."""

Counter = Callable[[bytes, "Client", bytes], Credit]
"""Called once when an answer of the chain leaves, with query, client and answer; gives what counts its replays."""


class Reply:
    """An answer: records, or the bytes of a message (`wire`) that an upstream or a cache gave.

    * `answer`, `authority`, `additional`: records; empty where `wire` is given (`opened()` reads them)
    * `wire`: a whole message without OPT whose question is as long as the query's; id, question, RD and CD are
      written anew on the way out
    * `rcode`: may be over 15 (then the client needs EDNS)
    * `flags`: the header bits AA 0x0400, RA 0x0080, AD 0x0020 (and TC 0x0200 where the message is cut); above them CO,
      which stands in the OPT record (RFC 9824 section 5.1)
    * `errors`: extended DNS errors (RFC 8914) as (code, text)
    * `by`: the plugin that answered; `why`: a few words for people, or a function that gives them when somebody asks
    * `options`: EDNS options of ours that go to the client, as (code, data)
    * `local`: True where it came from the memory of a source that tells of its changes: it is as quick as a kept answer
      and always true, so a cache that keeps others passes it by
    * `replay`: False where the whole answer must never be replayed to another query
    * `ages`: True where its TTLs count down while it is kept (a cache's), False where a source gives them anew
    * `since`: the moment on trio's clock at which TTLs that count down were these; None: when it leaves
    * `lifetime`: seconds that it may be kept at most, None where its TTLs say so
    * `orders`: makes of the message that left another one, its records in another order (None where it cannot): then
      what is replayed is that message in one order after the other
    * `finish`: runs after the answer was fitted (padding, TSIG last)
    * `following`: more messages of the same answer, for a transfer; only over a stream, and never kept or replayed
    * `watchers`: called when it leaves, and for each replay, with (query bytes, client, answer bytes); what a log needs
    * `counters`: called when it leaves; replays are told to them in batches, which costs next to nothing
    * `prompt`: True where `counters` want to hear of replays at the first one of each second: of those before it
    * `size`: octets over UDP at most, where that is another number than the house's 1232
    """

    __slots__ = (
        "_why", "additional", "ages", "answer", "authority", "by", "counters", "dropped", "errors", "finish", "flags",
        "following", "lifetime", "local", "options", "orders", "prompt", "rcode", "replay", "since", "size",
        "watchers", "wire",
    )  # fmt: skip

    def __init__(
        self,
        answer: Sequence[Record] = (),
        authority: Sequence[Record] = (),
        additional: Sequence[Record] = (),
        *,
        rcode: int = Rcode.NOERROR,
        flags: int = 0,
        by: str = "",
        why: str | Callable[[], str] = "",
        wire: bytes | None = None,
        errors: tuple[tuple[int, str], ...] = (),
        replay: bool = True,
    ) -> None:
        self.answer = answer
        self.authority = authority
        self.additional = additional
        self.rcode = rcode
        self.flags = flags
        self.by = by
        self._why = why
        self.wire = wire
        self.errors = errors
        self.replay = replay
        self.options: tuple[tuple[int, bytes], ...] = ()
        self.local = False
        self.ages = False
        self.since: float | None = None
        self.lifetime: float | None = None
        self.orders: Callable[[bytes], bytes | None] | None = None
        self.finish: tuple[Finish, ...] = ()
        self.following: Messages | None = None
        self.watchers: tuple[Callable[[bytes, Any, bytes], None], ...] = ()
        self.counters: tuple[Counter, ...] = ()
        self.prompt = False
        self.size: int | None = None
        self.dropped = False

    AA = 0x0400
    TC = 0x0200
    RA = 0x0080
    AD = 0x0020
    CO = 0x1_0000

    @property
    def why(self) -> str:
        why = self._why
        return why if isinstance(why, str) else why()

    @why.setter
    def why(self, words: str | Callable[[], str]) -> None:
        self._why = words

    @classmethod
    def drop(cls, by: str) -> Self:
        """No answer at all leaves for this query; `by` is what it is counted under."""
        reply = cls(by=by, replay=False)
        reply.dropped = True
        return reply

    @classmethod
    def failure(cls, code: int, text: str, *, rcode: int = Rcode.SERVFAIL, by: str = "") -> Self:
        """An answer that tells why there is none: an rcode with an extended DNS error (RFC 8914)."""
        return cls(rcode=rcode, errors=((code, text),), by=by, replay=False)

    def replace(self, **changes: Any) -> Self:
        """A copy in which the named attributes are other."""
        copy = self.__class__.__new__(self.__class__)
        # One by one: a loop over the slots takes three times as long, and watchers make a copy for each query.
        copy.answer = self.answer
        copy.authority = self.authority
        copy.additional = self.additional
        copy.rcode = self.rcode
        copy.flags = self.flags
        copy.by = self.by
        copy._why = self._why
        copy.wire = self.wire
        copy.errors = self.errors
        copy.options = self.options
        copy.replay = self.replay
        copy.local = self.local
        copy.ages = self.ages
        copy.since = self.since
        copy.lifetime = self.lifetime
        copy.orders = self.orders
        copy.finish = self.finish
        copy.following = self.following
        copy.watchers = self.watchers
        copy.counters = self.counters
        copy.prompt = self.prompt
        copy.size = self.size
        copy.dropped = self.dropped
        for name, value in changes.items():
            if name not in _ATTRIBUTES:
                raise TypeError(f"a reply has no {name}")
            setattr(copy, name, value)
        return copy

    def opened(self) -> Self:
        """Itself, or where it is a message's bytes a copy with its records read out of them.

        Raises pydns.errors.WireError where the bytes are no message.
        """
        if self.wire is None:
            return self
        from pydns.wire.opened import sections

        answer, authority, additional = sections(self.wire)
        return self.replace(wire=None, answer=answer, authority=authority, additional=additional)


_ATTRIBUTES = frozenset((*Reply.__slots__, "why"))

"""Write a line for each query that was answered, or failed, or was dropped."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.plugin import CallNext, Plugin, pass_on
from pydns.query import Query
from pydns.records import Rcode
from pydns.reply import Reply

from .classify import CLASSES
from .exchange import Exchange
from .format import COMMON, Format

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.logs import LineWriter
    from pydns.query import Client

_FAILED_FLAGS: Final = 0x7910  # opcode, RD and CD of the query stand in the answer too (RFC 1035 section 4.1.1)


class Rule(NamedTuple):
    """How the queries of a zone are logged; `classes` is empty where all are."""

    format: Format
    classes: frozenset[str] = frozenset()


class Log(Plugin):
    """The query log of a server block: one rule for each zone, the longest that holds a name counts."""

    name = "log"
    every_opcode = True
    frees_task = True

    def __init__(self, rules: dict[bytes, Rule]) -> None:
        self.rules = rules
        # `log` alone is by far the most frequent, and needs no search.
        self._only = rules[names.ROOT] if rules.keys() == {names.ROOT} else None

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        rules: dict[bytes, Rule] = {}
        for directive in directives:
            words = list(directive.args)
            text = _format(words) or COMMON
            rule = Rule(Format(text), _classes(directive))
            for word in words:
                for zone in values.zone(word):
                    rules.setdefault(zone, rule)  # the first for a zone counts, as in CoreDNS
            if not words:
                rules.setdefault(names.ROOT, rule)
        return (cls(rules),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        rule = self._only or self._rule(query.name)
        lines = self.house.lines
        # What the server asks itself on the way to an answer is no client's query.
        if rule is None or lines is None or query.depth:
            return await call_next(query)
        watch = _Watch(rule, query, lines)
        try:
            reply = await call_next(query)
        except (Exception, trio.Cancelled):  # cancelled: by `cancel`, or because it took too long
            watch(query.wire, query.client, _failure(query))
            raise
        if reply.dropped:
            watch(query.wire, query.client, None)
            return reply
        return _watched(reply, watch)

    at_once = pass_on

    def amend(self, query: Query, reply: Reply) -> Reply:
        rule = self._only or self._rule(query.name)
        lines = self.house.lines
        return reply if rule is None or lines is None else _watched(reply, _Watch(rule, query, lines))

    def _rule(self, name: bytes) -> Rule | None:
        for zone in names.ancestors(name):
            if rule := self.rules.get(zone):
                return rule
        return None


def _watched(reply: Reply, watch: _Watch) -> Reply:
    watch.seen.high_rcode = reply.rcode & ~15
    return reply.replace(watchers=(*reply.watchers, watch))


class _Watch:
    """Writes the line when the answer leaves, and one more for each later query that the same answer is replayed to."""

    __slots__ = ("_again", "_began", "_length", "_lines", "_rule", "_wanted", "seen")

    def __init__(self, rule: Rule, query: Query, lines: LineWriter) -> None:
        self.seen = Exchange(query)
        if rule.format.labels:
            # Reading these marks the query as personal, so that its answer, whose labels are its own, is not replayed.
            self.seen.labels = query.metadata
        self._rule = rule
        self._lines = lines
        self._wanted: bool | None = None if rule.classes else True
        self._began = perf_counter_ns()
        self._again: Callable[[Exchange], str] | None = None
        self._length = 0  # of the queries that `_again` is for

    def __call__(self, query: bytes, client: Client, answer: bytes | None) -> None:
        seen = self.seen
        seen.query, seen.client, seen.answer = query, client, answer
        if self._again is not None and len(query) == self._length:
            self._lines.write("[INFO] " + self._again(seen))
            return
        replayed = not self._began
        seen.nanoseconds = 0 if replayed else perf_counter_ns() - self._began
        self._began = 0  # a replay takes no time that could be told
        if self._wanted is None:
            self._wanted = seen.verdict()[1] in self._rule.classes
        if self._wanted:
            self._lines.write("[INFO] " + self._rule.format.line(seen))
            if replayed and not self._rule.format.labels:
                # All that a replayed answer depends on is the same, save the options that have another length.
                self._again, self._length = self._rule.format.for_replays(seen), len(query)


def _format(words: list[Word]) -> str:
    """The format, taken off the end of the words; empty where none stands there.

    A variable that held blanks has become several words at one place: together they are the format.
    """
    last = [word for word in words if word.position == words[-1].position]
    if not any("{" in word for word in last):
        return ""
    del words[-len(last) :]
    return " ".join(last)


def _classes(directive: Directive) -> frozenset[str]:
    """The classes of all `class` lines together; empty for all."""
    classes: set[str] = set()

    def read(option: Directive) -> None:
        classes.update(values.choice(word, CLASSES, "class") for word in values.arguments(option, 1))

    values.options(directive, {"class": read})
    return frozenset() if "all" in classes else frozenset(classes)


def _failure(query: Query) -> bytes:
    """The answer that a client gets where the chain failed, so far as a log shows it."""
    flags = 0x8000 | query.flags & _FAILED_FLAGS | Rcode.SERVFAIL
    question = query.wire[12 : query.question_end]
    return query.wire[:2] + flags.to_bytes(2) + b"\0\1\0\0\0\0\0\0" + question

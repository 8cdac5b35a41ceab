"""Log why queries failed, alike failures together where that is asked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.corefile import values
from pydns.errors import CorefileError, PydnsError
from pydns.logs import mark_logged, printable
from pydns.packed import FREE, Passage
from pydns.plugin import CallNext, Plugin, pass_on
from pydns.query import Query
from pydns.records import Ede, Rcode, type_text
from pydns.reply import Reply

from .consolidation import Consolidation, Expression, Pattern

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock, Word
    from pydns.relay import Relay

MAX_PATTERNS: Final = 64
"""`consolidate` lines of one block: each is searched for in each error, on the loop."""

MAX_EXPRESSION: Final = 10_000  # characters, as in CoreDNS
_MAX_TEXT: Final = 4_096  # characters of one error that are searched and logged

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_log = logging.getLogger("pydns.errors")


class Errors(Plugin):
    """Logs what is raised below it, and answers below it that are SERVFAIL and say why; then passes them on."""

    name: ClassVar[str] = "errors"
    frees_task: ClassVar[bool] = True
    amends_later: ClassVar[bool] = True

    def __init__(self, patterns: Sequence[Pattern] = (), *, stacktrace: bool = False) -> None:
        self.stacktrace = stacktrace
        self.consolidation = Consolidation(patterns)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        directive = values.once(directives)
        for word in values.arguments(directive, 0, 1):
            if word != "stdout":  # older Corefiles name it; there was never another place
                raise CorefileError(word.position, f"errors go to stdout, not to {str(word)!r}", "leave it out")
        patterns: list[Pattern] = []
        stacktraces: list[bool] = []

        def stacktrace(option: Directive) -> None:
            values.arguments(option, 0, 0)
            stacktraces.append(True)

        def consolidate(option: Directive) -> None:
            if len(patterns) == MAX_PATTERNS:
                remedy = f"at most {MAX_PATTERNS}; join expressions with |"
                raise CorefileError(option.position, "too many consolidate lines", remedy)
            patterns.append(_pattern(option))

        values.options(directive, {"stacktrace": stacktrace, "consolidate": consolidate})
        return (cls(patterns, stacktrace=bool(stacktraces)),)

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        try:
            reply = await call_next(query)
        except Exception as error:
            self._tell(query, _text(error), error)
            mark_logged(error)
            raise
        return self.amend(query, reply)

    at_once = pass_on

    def amend(self, query: Query, reply: Reply) -> Reply:
        if reply.rcode == Rcode.SERVFAIL and reply.errors and not _is_repeated(reply):
            self._tell(query, "; ".join(_ede_text(code, text) for code, text in reply.errors))
        return reply

    def passage(self) -> Passage:
        """No packed answer is a failure."""
        return FREE

    def relay(self, below: Relay | None) -> Relay | None:
        """Nor is what is relayed."""
        return below

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        if self.consolidation.patterns:
            await self.consolidation.run()

    def _tell(self, query: Query, text: str, error: Exception | None = None) -> None:
        text = printable(text[:_MAX_TEXT])
        level = self.consolidation.level(text)
        if level is not None:
            trace = error if self.stacktrace or self.house.debug else None
            name, type_ = names.to_text(query.name), type_text(query.type)
            _log.log(level, "%d %s %s: %s", Rcode.SERVFAIL, name, type_, text, exc_info=trace)


def _text(error: Exception) -> str:
    """What happened, in the error's words; a fault of the program is named by its kind too (`KeyError: 'x'`)."""
    inner: BaseException = error
    while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:  # what a nursery wraps around it
        inner = inner.exceptions[0]
    text, kind = str(inner), type(inner).__name__
    if not text:
        return kind
    return text if isinstance(inner, PydnsError | OSError) else f"{kind}: {text}"


def _is_repeated(reply: Reply) -> bool:
    """A failure that a cache repeats was told when it happened."""
    return any(code == Ede.CACHED_ERROR for code, _ in reply.errors)


def _ede_text(code: int, text: str) -> str:
    return text or f"extended error {code}"


def _pattern(option: Directive) -> Pattern:
    words = values.arguments(option, 2, 4)
    period, source, *rest = words
    level: int | None = None
    show_first = False
    for word in rest:
        if word in _LEVELS and level is None and not show_first:
            level = _LEVELS[word]
        elif word == "show_first" and not show_first:
            show_first = True
        elif word in _LEVELS or word == "show_first":
            raise CorefileError(word.position, f"{str(word)!r} is out of place", "[LEVEL] [show_first], each once")
        else:
            raise values.unknown(word, (*_LEVELS, "show_first"), "option of consolidate")
    return Pattern(
        _expression(source),
        str(source),
        values.duration(period),
        str(period),
        logging.ERROR if level is None else level,
        show_first,
    )


def _expression(word: Word) -> Expression:
    """Compiled by RE2, whose time is linear in the text: the text may come from strangers."""
    import re2  # type: ignore[import-untyped] # it ships no types; imported here, since few Corefiles need it

    if len(word) > MAX_EXPRESSION:
        message = f"regular expression of {len(word)} characters"
        raise CorefileError(word.position, message, f"at most {MAX_EXPRESSION}")
    settings = re2.Options()
    settings.log_errors = False
    try:
        compiled: Expression = re2.compile(str(word), settings)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise CorefileError(word.position, f"no regular expression: {reason}", "RE2's syntax, as in CoreDNS") from None
    return compiled

from __future__ import annotations

import logging

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup, PydnsError
from pydns.logs import is_logged
from pydns.plugin import House
from pydns.query import Query
from pydns.records import Ede, Rcode
from pydns.reply import Reply
from pydns.testing import query
from pydns_plugins.errors import MAX_EXPRESSION, MAX_PATTERNS, Errors
from tests.plugins.asking import block, directives


def errors(text: str = "errors") -> Errors:
    (plugin,) = Errors.parse(directives(text), block())
    plugin.house = House()
    return plugin


async def fail(plugin: Errors, error: Exception) -> None:
    async def below(query: Query) -> Reply:
        raise error

    with pytest.raises(type(error)):
        await plugin.serve(query(), below)


async def answer(plugin: Errors, reply: Reply) -> None:
    async def below(query: Query) -> Reply:
        return reply

    assert await plugin.serve(query(), below) is reply


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (PydnsError("read udp: i/o timeout"), "read udp: i/o timeout"),
        (OSError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (KeyError("x"), "KeyError: 'x'"),
        (TimeoutError(), "TimeoutError"),
        (ExceptionGroup("nursery", [ExceptionGroup("nursery", [PydnsError("inside")])]), "inside"),
        (ExceptionGroup("two", [PydnsError("a"), PydnsError("b")]), "ExceptionGroup: two (2 sub-exceptions)"),
        (PydnsError("a\nb"), "a\\nb"),
    ],
)
async def test_what_is_raised_is_logged_and_goes_on(
    caplog: pytest.LogCaptureFixture, error: Exception, text: str
) -> None:
    await fail(errors(), error)
    assert caplog.record_tuples == [("pydns.errors", logging.ERROR, f"2 example.org. A: {text}")]


async def test_a_long_error_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    await fail(errors(), PydnsError("x" * 100_000))
    assert len(caplog.messages[0]) < 5000


async def test_an_error_that_was_logged_is_marked() -> None:
    error = PydnsError("x")
    await fail(errors(), error)
    assert is_logged(error)


async def test_a_servfail_that_says_why_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    reply = Reply(rcode=Rcode.SERVFAIL, errors=((Ede.NETWORK_ERROR, "192.0.2.1:53 timed out"), (22, "")))
    await answer(errors(), reply)
    assert caplog.messages == ["2 example.org. A: 192.0.2.1:53 timed out; extended error 22"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(),
        Reply(rcode=Rcode.SERVFAIL),
        Reply(errors=((Ede.STALE_ANSWER, "12 s old"),)),
        Reply.failure(Ede.BLOCKED, "acl", rcode=Rcode.REFUSED),
        Reply.failure(Ede.CACHED_ERROR, "told before"),
        Reply.drop("acl"),
    ],
)
async def test_other_answers_are_not(caplog: pytest.LogCaptureFixture, reply: Reply) -> None:
    await answer(errors(), reply)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("text", "debug", "trace"),
    [("errors", 0, False), ("errors\n stacktrace", 0, True), ("errors", 1, True)],
)
async def test_a_traceback_is_logged_where_it_is_asked_for(
    caplog: pytest.LogCaptureFixture, text: str, debug: int, trace: bool
) -> None:
    plugin = errors(text)
    plugin.house.debug = debug
    await fail(plugin, PydnsError("x"))
    assert bool(caplog.records[0].exc_info) is trace


def test_the_legacy_argument_is_taken() -> None:
    assert not errors("errors stdout").stacktrace


@pytest.mark.parametrize(
    ("text", "level", "show_first"),
    [
        ("consolidate 1m x", logging.ERROR, False),
        ("consolidate 1m x debug", logging.DEBUG, False),
        ("consolidate 1m x info", logging.INFO, False),
        ("consolidate 1m x warning", logging.WARNING, False),
        ("consolidate 1m x error", logging.ERROR, False),
        ("consolidate 1m x show_first", logging.ERROR, True),
        ("consolidate 1m x warning show_first", logging.WARNING, True),
    ],
)
def test_consolidate_takes_a_level_and_show_first(text: str, level: int, show_first: bool) -> None:
    (pattern,) = errors(f"errors\n {text}").consolidation.patterns
    assert (pattern.source, pattern.period, pattern.level, pattern.show_first) == ("x", 60.0, level, show_first)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("errors errors.log", r"^Corefile:1:2: errors go to stdout"),
        ("errors a b", r"^Corefile:1:3: .*one too many"),
        ("errors\nerrors", r"^Corefile:2:1: errors stands twice"),
        ("errors\n log visible", r"^Corefile:2:1: unknown option of errors 'log'"),
        ("errors\n stacktrace on", r"^Corefile:2:2: stacktrace takes no arguments"),
        ("errors\n consolidate 1m", r"^Corefile:2:1: consolidate wants at least 2"),
        ("errors\n consolidate 1m x error show_first more", r"^Corefile:2:6: .*one too many"),
        ("errors\n consolidate abc x", r"^Corefile:2:2: 'abc' is no duration"),
        ("errors\n consolidate 1 x", r"^Corefile:2:2: '1' is no duration"),
        ("errors\n consolidate 1m ())", r"^Corefile:2:3: no regular expression: unexpected \)"),
        ("errors\n consolidate 1m (?=x)", r"^Corefile:2:3: no regular expression: .*RE2's syntax"),
        (f"errors\n consolidate 1m {'x' * (MAX_EXPRESSION + 1)}", r"^Corefile:2:3: .* 10001 characters"),
        ("errors\n consolidate 1m x warn", r"^Corefile:2:4: unknown option .*did you mean 'warning'"),
        ("errors\n consolidate 1m x warning error", r"^Corefile:2:5: 'error' is out of place"),
        ("errors\n consolidate 1m x show_first warning", r"^Corefile:2:5: 'warning' is out of place"),
        ("errors\n consolidate 1m x show_first show_first", r"^Corefile:2:5: 'show_first' is out of place"),
        ("errors\n" + " consolidate 1m x\n" * (MAX_PATTERNS + 1), r"^Corefile:66:1: too many consolidate"),
    ],
)
def test_faults_are_told_with_their_place(text: str, message: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup), match=message):
        errors(text)


def test_the_most_patterns_are_taken() -> None:
    assert len(errors("errors\n" + " consolidate 1m x\n" * MAX_PATTERNS).consolidation.patterns) == MAX_PATTERNS


async def test_without_patterns_there_is_nothing_to_run(nursery: object) -> None:
    await errors().run()

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from pydns.errors import PydnsError
from pydns.plugin import House
from pydns.query import Query
from pydns.reply import Reply
from pydns.testing import query
from pydns_plugins.errors import Errors
from tests.plugins.asking import block, directives

Start = Callable[[str], Awaitable[Errors]]


@pytest.fixture
def start(nursery: trio.Nursery, caplog: pytest.LogCaptureFixture) -> Start:
    """An errors plugin of these lines, running."""
    caplog.set_level("DEBUG", "pydns.errors")

    async def start(text: str) -> Errors:
        plugin = parse(text)
        await nursery.start(plugin.run)
        await trio.testing.wait_all_tasks_blocked()
        return plugin

    return start


def parse(text: str) -> Errors:
    (plugin,) = Errors.parse(directives(text), block())
    plugin.house = House()
    return plugin


async def fail(plugin: Errors, *texts: str) -> None:
    for text in texts:

        async def below(query: Query, text: str = text) -> Reply:
            raise PydnsError(text)

        with pytest.raises(PydnsError):
            await plugin.serve(query(), below)


def line(text: str) -> str:
    return f"2 example.org. A: {text}"


async def test_like_errors_are_told_once_at_the_period_s_end(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = await start('errors\n consolidate 30s "^read udp .* i/o timeout$" warning')
    await fail(plugin, "read udp a i/o timeout", "read udp b i/o timeout")
    await trio.sleep(29)
    assert caplog.messages == []
    await trio.sleep(2)
    assert caplog.messages == ["2 errors like '^read udp .* i/o timeout$' occurred in last 30s"]
    assert caplog.records[0].levelname == "WARNING"


async def test_the_period_begins_with_the_first_error(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = await start("errors\n consolidate 30s timeout")
    await trio.sleep(100)
    await fail(plugin, "timeout")
    await trio.sleep(20)
    await fail(plugin, "timeout")
    await trio.sleep(11)
    assert caplog.messages == ["2 errors like 'timeout' occurred in last 30s"]


async def test_a_new_period_begins_with_the_next_error(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = await start("errors\n consolidate 30s timeout")
    for _ in range(2):
        await fail(plugin, "timeout")
        await trio.sleep(31)
    assert caplog.messages == ["1 errors like 'timeout' occurred in last 30s"] * 2


async def test_other_errors_are_told_at_once(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = await start("errors\n consolidate 30s timeout")
    await fail(plugin, "refused")
    assert caplog.messages == [line("refused")]


async def test_an_error_counts_for_the_first_pattern_that_fits(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = await start("errors\n consolidate 5s timeout\n consolidate 1s udp\n consolidate 10s .*")
    await fail(plugin, "udp timeout", "udp refused", "udp refused", "else")
    await trio.sleep(11)
    assert caplog.messages == [
        "2 errors like 'udp' occurred in last 1s",
        "1 errors like 'timeout' occurred in last 5s",
        "1 errors like '.*' occurred in last 10s",
    ]


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, [line("timeout")]), (3, [line("timeout"), "3 errors like 'timeout' occurred in last 30s"])],
)
async def test_show_first_tells_the_first_at_once_and_the_sum_of_several(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture, count: int, told: list[str]
) -> None:
    plugin = await start("errors\n consolidate 30s timeout info show_first")
    await fail(plugin, *["timeout"] * count)
    assert caplog.messages == told[:1]
    await trio.sleep(31)
    assert caplog.messages == told
    assert {record.levelname for record in caplog.records} == {"INFO"}


async def test_answers_that_say_why_they_fail_count_too(
    autojump_clock: trio.testing.MockClock, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    plugin = await start("errors\n consolidate 30s timeout")

    async def below(query: Query) -> Reply:
        return Reply.failure(22, "timeout")

    await plugin.serve(query(), below)
    await trio.sleep(31)
    assert caplog.messages == ["1 errors like 'timeout' occurred in last 30s"]


async def test_what_was_counted_is_told_when_it_stops(caplog: pytest.LogCaptureFixture) -> None:
    plugin = parse("errors\n consolidate 30s timeout")
    async with trio.open_nursery() as nursery:
        await nursery.start(plugin.run)
        await trio.testing.wait_all_tasks_blocked()
        await fail(plugin, "timeout", "timeout")
        nursery.cancel_scope.cancel()
    assert caplog.messages == ["2 errors like 'timeout' occurred in last 30s"]


async def test_while_it_does_not_run_each_error_is_told(caplog: pytest.LogCaptureFixture) -> None:
    await fail(parse("errors\n consolidate 30s timeout warning"), "timeout", "timeout")
    assert caplog.messages == [line("timeout")] * 2
    assert {record.levelname for record in caplog.records} == {"WARNING"}


async def test_a_hostile_text_costs_no_more_than_its_length(
    autojump_clock: trio.testing.MockClock, start: Start
) -> None:
    # Python's own `re` would take longer than the universe has been there.
    plugin = await start('errors\n consolidate 30s "^(a+)+$"')
    await fail(plugin, "a" * 4000 + "!")

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, Self

import pytest
import trio
from trio.testing import MockClock

from pydns.corefile.parser import parse_text
from pydns.corefile.tree import Corefile, Directive, Key, Position, ServerBlock, Word
from pydns.errors import StartError, ungrouped
from pydns.generation import START, Generation
from pydns.plugin import CallNext, House, Plugin
from pydns.query import Query
from pydns.reply import Reply
from pydns.settings import Settings
from pydns.setup import Block, Configuration, configure

Run = Callable[["Fake", trio.TaskStatus[None]], Awaitable[None]]


async def well(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
    task_status.started()
    await trio.sleep_forever()


class Fake(Plugin):
    """Runs as a test says; `began` are the times at which it did, `ended` how often it was left."""

    name: ClassVar[str] = "fake"
    house: House = House()

    def __init__(self, run: Run = well) -> None:
        self.began: list[float] = []
        self.ended = 0
        self._run = run
        self.heir_of: object = None

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return ()

    async def serve(self, query: Query, call_next: CallNext) -> Reply:
        return await call_next(query)

    def configure(self, settings: Settings) -> None:
        return

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        self.began.append(trio.current_time())
        try:
            await self._run(self, task_status)
        finally:
            self.ended += 1

    def inherit(self, old: Self) -> None:
        self.heir_of = old


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    """Time jumps when nothing happens."""
    return autojump_clock


def configuration(*plugins: Plugin) -> Configuration:
    word = Word(".", Position("Corefile", 1, 1))
    tree = ServerBlock((Key(word, "dns", b"\0", None),), ())
    return Configuration(Corefile((tree,)), (Block(tree, plugins, Settings(), 53),), "digest")


@asynccontextmanager
async def started(*plugins: Plugin, house: House | None = None) -> AsyncIterator[House]:
    house = house or House()
    with ungrouped(StartError):
        async with trio.open_nursery() as nursery:
            await nursery.start(Generation(configuration(*plugins), house).run)
            yield house
            nursery.cancel_scope.cancel()


async def test_all_plugins_run_and_know_the_house() -> None:
    plugins = Fake(), Fake()
    async with started(*plugins) as house:
        assert [plugin.house for plugin in plugins] == [house, house]
        assert [len(plugin.began) for plugin in plugins] == [1, 1]


async def test_plugins_that_are_at_work_elsewhere_only_know_the_house() -> None:
    here, elsewhere = Fake(), Fake()
    house = House()
    async with trio.open_nursery() as nursery:
        generation = Generation(configuration(here, elsewhere), house, runs=lambda plugin: plugin is here)
        await nursery.start(generation.run)
        assert [len(plugin.began) for plugin in (here, elsewhere)] == [1, 0]
        assert elsewhere.house is house
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("before", "after"), [(True, False), (False, True), (True, True)])
def test_only_who_was_at_work_here_gives_and_only_who_will_be_takes(before: bool, after: bool) -> None:
    old, new = Fake(), Fake()
    first = Generation(configuration(old), House(), runs=lambda _: before)
    Generation(configuration(new), House(), first, lambda _: after).inherit()
    assert (new.heir_of is old) is (before and after)


async def test_cancelling_stops_all() -> None:
    plugins = Fake(), Fake()
    async with started(*plugins):
        pass
    assert [plugin.ended for plugin in plugins] == [1, 1]


async def test_plugins_start_beside_each_other(clock: MockClock) -> None:
    async def slow(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(10)
        await well(plugin, task_status)

    async with started(Fake(slow), Fake(slow)):
        assert trio.current_time() == pytest.approx(10)


async def test_it_has_started_when_all_plugins_have(clock: MockClock) -> None:
    async def slow(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(10)
        await well(plugin, task_status)

    async with started(Fake(), Fake(slow)):
        assert trio.current_time() == pytest.approx(10)


async def test_a_run_that_returns_without_a_word_has_started() -> None:
    async def brief(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        await trio.lowlevel.checkpoint()

    plugin = Fake(brief)
    async with started(plugin):
        assert len(plugin.began) == 1


async def test_a_run_that_returns_is_not_run_again(clock: MockClock) -> None:
    async def brief(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()

    plugin = Fake(brief)
    async with started(plugin):
        await trio.sleep(1000)
        assert len(plugin.began) == 1


async def failing(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
    raise OSError("no such thing")


async def failing_in_a_nursery(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, plugin, task_status)


@pytest.mark.parametrize("run", [failing, failing_in_a_nursery])
async def test_a_failure_before_the_start_is_the_end_of_it(run: Run) -> None:
    with pytest.raises(StartError, match=r"^plugin fake cannot start: OSError: no such thing$"):
        async with started(Fake(run)):
            pass


async def test_a_failure_before_the_start_stops_the_others() -> None:
    other = Fake()
    with pytest.raises(StartError):
        async with started(other, Fake(failing)):
            pass
    assert len(other.began) == other.ended


async def test_who_is_not_ready_in_time_is_named(clock: MockClock) -> None:
    async def never(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep_forever()

    with pytest.raises(StartError, match=rf"^not ready after {START:g} s: fake$"):
        async with started(Fake(), Fake(never)):
            pass
    assert trio.current_time() == pytest.approx(START)


async def test_a_plugin_that_cannot_take_over_is_a_failed_start() -> None:
    class Ungrateful(Fake):
        def inherit(self, old: Self) -> None:
            raise KeyError("what is that?")

    before = Generation(configuration(Ungrateful()), House())
    with pytest.raises(StartError, match="plugin fake cannot take over: KeyError: "):
        await Generation(configuration(Ungrateful()), House(), before).run()


# Failures later on.


def failing_after(seconds: float, times: int) -> Run:
    async def run(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        if len(plugin.began) <= times:
            await trio.sleep(seconds)
            raise OSError("gone")
        await trio.sleep_forever()

    return run


@pytest.mark.parametrize(("seconds", "times", "began"), [
    (0, 1, [0, 1]),
    (0, 9, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]),  # doubled, up to a minute
    (5, 3, [0, 6, 13, 22]),
    (100, 3, [0, 101, 202, 303]),  # it ran well for long, so the pause is short again
])  # fmt: skip
async def test_it_is_started_again_with_back_off(
    seconds: float, times: int, began: list[float], clock: MockClock
) -> None:
    plugin = Fake(failing_after(seconds, times))
    async with started(plugin):
        await trio.sleep(1000)
    assert plugin.began == pytest.approx(began, abs=0.01)


async def test_others_run_on_meanwhile(clock: MockClock) -> None:
    other = Fake()
    async with started(Fake(failing_after(0, 3)), other):
        await trio.sleep(100)
        assert (len(other.began), other.ended) == (1, 0)


async def test_each_failure_is_counted(clock: MockClock) -> None:
    async with started(Fake(failing_after(0, 3))) as house:
        await trio.sleep(100)
        assert house.metrics.counter("pydns_plugin_restarts_total", "").value("fake") == 3


@pytest.mark.parametrize(("debug", "traced"), [(0, False), (1, True)])
async def test_each_failure_is_one_line_in_the_log(
    debug: int, traced: bool, clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(Fake(failing_after(0, 1)), house=House(debug=debug)):
        await trio.sleep(100)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage().startswith("plugin fake failed: OSError: gone; it serves on with its last data")
    assert bool(record.exc_info) is traced


async def test_it_can_be_stopped_while_it_waits_for_the_next_try(clock: MockClock) -> None:
    async with started(Fake(failing_after(0, 100))):
        await trio.sleep(20)
    assert trio.current_time() == pytest.approx(20)


async def test_a_failure_while_it_is_stopped_holds_nothing_up(clock: MockClock) -> None:
    async def untidy(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        try:
            await well(plugin, task_status)
        finally:
            raise OSError("it cannot be tidied")

    async with started(Fake(untidy)):
        pass
    assert trio.current_time() == 0


# Who takes over from whom.


def heirs(new: str, old: str) -> list[str]:
    """The plugins that take over from one, by zone and name."""
    made = [configure(parse_text(text, environ={})) for text in (new, old)]
    found: list[str] = []
    for block in made[0].blocks:
        for plugin in block.plugins:
            zone = block.tree.keys[0].word
            plugin.inherit = lambda old, name=f"{zone}:{plugin.name}": found.append(name)  # type: ignore[method-assign, misc]  # to see who is called
    Generation(made[0], House(), Generation(made[1], House())).inherit()
    return sorted(found)


BOTTOM = "hosts {\n 192.0.2.1 a\n }\n forward . 192.0.2.1"


@pytest.mark.parametrize(("new", "old", "names"), [
    # the same
    (f"a {{\n cache\n {BOTTOM}\n}}", f"a {{\n cache\n {BOTTOM}\n}}", ["a:cache", "a:forward", "a:hosts"]),
    (f"a {{\n cache\n {BOTTOM}\n}}", f"a {{\n {BOTTOM}\n cache\n}}", ["a:cache", "a:forward", "a:hosts"]),
    # something above is another
    (f"a {{\n log\n cache\n {BOTTOM}\n}}", f"a {{\n cache\n {BOTTOM}\n}}", ["a:cache", "a:forward", "a:hosts"]),
    (f"a {{\n cache\n {BOTTOM}\n}}", f"a {{\n log\n cache\n {BOTTOM}\n}}", ["a:cache", "a:forward", "a:hosts"]),
    (f"a {{\n log a\n cache\n {BOTTOM}\n}}", f"a {{\n log\n cache\n {BOTTOM}\n}}", ["a:cache", "a:forward", "a:hosts"]),
    # its own options are others
    (f"a {{\n cache 5\n {BOTTOM}\n}}", f"a {{\n cache\n {BOTTOM}\n}}", ["a:forward", "a:hosts"]),
    # something below is another
    (f"a {{\n cache\n {BOTTOM}\n}}", f"a {{\n cache\n {BOTTOM.replace('.1 a', '.2 a')}\n}}", ["a:forward"]),
    (f"a {{\n cache\n {BOTTOM}\n}}", f"a {{\n cache\n {BOTTOM}:5353\n}}", []),
    (f"a {{\n cache\n {BOTTOM}\n}}", "a {\n cache\n forward . 192.0.2.1\n}", ["a:forward"]),
    ("a {\n cache\n forward . 192.0.2.1\n}", f"a {{\n cache\n {BOTTOM}\n}}", ["a:forward"]),
    (f"a {{\n cache\n {BOTTOM}\n whoami\n}}", f"a {{\n cache\n {BOTTOM}\n}}", []),
    ("a {\n cache\n forward x 192.0.2.1\n forward . 192.0.2.1\n}", "a {\n cache\n forward . 192.0.2.1\n}", []),
    # another place
    ("b {\n cache\n}", "a {\n cache\n}", []),
    ("a {\n cache\n}", "a b {\n cache\n}", []),
    ("a:54 {\n cache\n}", "a {\n cache\n}", []),
    ("a {\n root /tmp\n cache\n hosts\n}", "a {\n cache\n hosts\n}", []),
    # blocks in another order, a block more, a block less
    ("a {\n cache\n}\nb {\n whoami\n}", "b {\n whoami\n}\na {\n cache\n}", ["a:cache", "b:whoami"]),
    ("a {\n cache\n}", "b {\n whoami\n}\na {\n cache\n}", ["a:cache"]),
    ("b {\n whoami\n}\na {\n cache\n}", "a {\n cache\n}", ["a:cache"]),
])  # fmt: skip
def test_who_takes_over(new: str, old: str, names: list[str]) -> None:
    assert heirs(new, old) == names


def test_a_plugin_of_a_changed_file_takes_nothing_over(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from pydns.plugin import Plugin\n\nclass Own(Plugin):\n    name = 'own'\n    before = 'whoami'\n"
        "    @classmethod\n    def parse(cls, directives, block): return (cls(),)\n"
        "    async def serve(self, query, call_next): ...\n"
    )
    text = f". {{\n plugin {path}\n own\n cache\n whoami\n}}"
    assert heirs(text, text) == [".:whoami"]


# What plugins know of each other, and the end.


class Stopping(Fake):
    """Takes so many seconds to stop, or fails."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def stopping(self) -> None:
        await trio.sleep(self.seconds)
        if self.seconds == 1:
            raise ValueError("broken")


@pytest.mark.parametrize(("seconds", "took"), [((), 0), ((5,), 5), ((3, 5, 4), 5), ((1, 5), 5), ((1,), 1)])
async def test_the_end_waits_for_all_and_for_none_that_fails(
    seconds: tuple[float, ...], took: float, clock: MockClock
) -> None:
    generation = Generation(configuration(*map(Stopping, seconds)), House())
    await generation.stopping()
    assert trio.current_time() == pytest.approx(took)


async def test_a_plugin_that_fails_at_the_end_is_told(clock: MockClock, caplog: pytest.LogCaptureFixture) -> None:
    await Generation(configuration(Stopping(1)), House()).stopping()
    assert caplog.messages == ["plugin fake failed as the server stops: ValueError: broken"]


async def test_plugins_of_a_block_know_each_other() -> None:
    plugins = Fake(), Fake()
    async with started(*plugins) as house:
        assert house.siblings(plugins[0]) == plugins
        assert house.generation(plugins[1]) == (plugins,)


async def test_a_plugin_that_does_not_run_has_no_siblings() -> None:
    async with started(plugin := Fake()) as house:
        assert house.siblings(Fake()) == ()
    assert (house.siblings(plugin), house.generation(plugin)) == ((), ())


async def test_each_generation_has_its_own() -> None:
    house, first, second = House(), Fake(), Fake()
    async with started(first, house=house), started(second, house=house):
        assert (house.siblings(first), house.siblings(second)) == ((first,), (second,))


async def test_who_starts_knows_its_siblings_already() -> None:
    found: list[object] = []

    async def look(plugin: Fake, task_status: trio.TaskStatus[None]) -> None:
        found.append(plugin.house.siblings(plugin))
        await well(plugin, task_status)

    plugins = Fake(look), Fake()
    async with started(*plugins):
        assert found == [plugins]

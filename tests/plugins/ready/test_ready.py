from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns.family import Family
from pydns.plugin import CallNext, House, Plugin
from pydns.query import Query
from pydns.reply import Reply
from pydns.settings import Settings
from pydns_plugins.ready import Ready
from tests.plugins.asking import block, directives
from tests.pydns.life import Source, WriteFile, failed, reloaded, running
from tests.pydns.pages import fetch, page_port
from tests.pydns.serving import Doing


async def passing(query: Query, call_next: CallNext) -> Reply:
    return await call_next(query)


class Waits(Doing):
    """Ready when a test says so."""

    def __init__(self, name: str, is_ready: bool = False) -> None:
        super().__init__(passing)
        self.name = name  # type: ignore[misc]  # each has its own here
        self.is_ready = is_ready

    def ready(self) -> bool:
        return self.is_ready


def ready(text: str = "ready 127.0.0.1:0") -> Ready:
    (plugin,) = Ready.parse(directives(text), block())
    return plugin


def together(*blocks: Sequence[Plugin]) -> None:
    """Makes them the server blocks of a configuration that runs."""
    house = House(generations=[tuple(map(tuple, blocks))])
    for plugin in (each for plugins in blocks for each in plugins):
        plugin.house = house


@pytest.mark.parametrize(
    ("text", "place"), [("ready", ("", 8181)), ("ready localhost:1", ("127.0.0.1", 1)), ("ready [::]:1", ("::", 1))]
)
def test_an_address_may_be_named(text: str, place: tuple[str, int]) -> None:
    settings = Settings()
    ready(text).configure(settings)
    assert [(site.host, site.port, site.path) for site in settings.sites] == [(*place, "/ready")]


@pytest.mark.parametrize(
    ("text", "continuously"),
    [("ready", False), ("ready\n monitor until-ready", False), ("ready\n monitor continuously", True)],
)
def test_it_has_two_modes(text: str, continuously: bool) -> None:
    assert ready(text).continuously is continuously


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("ready 8181", "Corefile:1:2: '8181' is no address with a port"),
        ("ready :1 :2", "Corefile:1:3: ready takes at most 1 argument"),
        ("ready\nready", "Corefile:2:1: ready stands twice"),
        ("ready\n monitor", "Corefile:2:1: monitor wants 1 argument, not 0"),
        ("ready\n monitor always", "Corefile:2:2: unknown mode 'always'"),
        ("ready\n moniter continuously", "Corefile:2:1: unknown option of ready 'moniter' (did you mean 'monitor'?)"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        ready(text)
    assert str(caught.value).startswith(error)


def test_it_has_nothing_to_do_with_queries() -> None:
    assert ready().opcodes == frozenset()


@pytest.mark.parametrize(
    ("waiting", "status", "body"),
    [
        ([], 200, b"OK"),
        ([Waits("hosts", True)], 200, b"OK"),
        ([Waits("hosts")], 503, b"hosts"),
        ([Waits("kubernetes"), Waits("errors", True), Waits("hosts")], 503, b"hosts,kubernetes"),
        ([Waits("forward"), Waits("forward")], 503, b"forward"),
    ],
)
async def test_who_is_not_ready_is_named(waiting: list[Waits], status: int, body: bytes) -> None:
    plugin = ready()
    together([plugin, *waiting])
    assert (await plugin.page())[:2] == (body, status)


@pytest.mark.parametrize(("mode", "status"), [("until-ready", 200), ("continuously", 503)])
async def test_who_was_ready_once_is_asked_again_in_one_mode_alone(mode: str, status: int) -> None:
    plugin, other = ready(f"ready 127.0.0.1:0\n monitor {mode}"), Waits("hosts")
    together([plugin, other])
    assert (await plugin.page()).status == 503
    other.is_ready = True
    assert (await plugin.page()).status == 200
    other.is_ready = False
    assert (await plugin.page()).status == status


async def test_blocks_with_one_address_have_one_page() -> None:
    first, second = ready(), ready()
    together([first, Waits("hosts")], [second, Waits("forward")])
    assert (await first.page()).body == (await second.page()).body == b"forward,hosts"


async def test_others_are_told_apart() -> None:
    first, second = ready(), ready("ready 127.0.0.1:1")
    together([first, Waits("hosts")], [second, Waits("forward")], [Waits("kubernetes")])
    assert [(await page()).body for page in (first.page, second.page)] == [b"hosts", b"forward"]


# In a server.

READY = ". {{\n bind 127.0.0.1\n ready 127.0.0.1:0\n {}\n}}"


@pytest.fixture
def waits(write: WriteFile) -> Callable[[str], str]:
    """A plugin `own` that is ready where a file is there."""

    def made(flag: str) -> str:
        path = write(
            "own.py",
            "import os\nfrom pydns.plugin import Plugin\nfrom pydns.reply import Reply\n\n"
            "class Own(Plugin):\n    name = 'own'\n"
            "    @classmethod\n    def parse(cls, directives, block): return (cls(),)\n"
            "    async def serve(self, query, call_next): return Reply(by='own')\n"
            f"    def ready(self): return os.path.exists({flag!r})\n",
        )
        return f"plugin {path}\n own"

    return made


@pytest.fixture
def write(tmp_path_factory: pytest.TempPathFactory) -> WriteFile:
    folder = tmp_path_factory.mktemp("ready")

    def write(name: str, text: str):  # type: ignore[no-untyped-def]  # as WriteFile says
        path = folder / name
        path.write_text(text)
        return path

    return write


async def test_it_follows_what_becomes_ready(write: WriteFile, waits: Callable[[str], str]) -> None:
    flag = write("flag", "")
    flag.unlink()
    async with running(Source(READY.format(waits(str(flag))))) as process:
        before = await fetch(page_port(process), "/ready")
        flag.write_text("")
        after = await fetch(page_port(process), "/ready")
    assert [before[::2], after[::2]] == [(503, "own"), (200, "OK")]


async def test_a_reload_asks_all_again(write: WriteFile, waits: Callable[[str], str]) -> None:
    flag = write("flag", "")
    source = Source(READY.format(waits(str(flag))))
    async with running(source) as process:
        assert (await fetch(page_port(process), "/ready")).status == 200
        flag.unlink()
        await reloaded(process)
        assert (await fetch(page_port(process), "/ready")).body == "own"


async def test_a_reload_that_fails_leaves_the_page() -> None:
    source = Source(READY.format("whoami"))
    async with running(source) as process:
        source.text = READY.format("whoam")
        await failed(process)
        assert (await fetch(page_port(process), "/ready")).body == "OK"


# Several processes.


class Workers(Family):
    """The parent's, whose workers report this."""

    def __init__(self, *found: list[str]) -> None:
        super().__init__()
        self._found = found

    async def reports(self, plugin: Plugin) -> list[list[str]]:
        return list(self._found)


@pytest.mark.parametrize(
    ("found", "status", "body"),
    [
        ([[], []], 200, b"OK"),
        ([[], ["hosts"]], 503, b"hosts"),
        ([["hosts", "forward"], ["hosts"]], 503, b"forward,hosts"),
        ([], 503, b"multisocket"),
    ],
)
async def test_it_is_ready_when_all_workers_are(found: list[list[str]], status: int, body: bytes) -> None:
    plugin = ready()
    together([plugin, Waits("hosts")])
    plugin.house.family = Workers(*found)
    assert (await plugin.page())[:2] == (body, status)


def test_a_worker_reports_who_is_missing() -> None:
    plugin = ready()
    together([plugin, Waits("hosts"), Waits("forward", True)])
    assert plugin.report() == ["hosts"]

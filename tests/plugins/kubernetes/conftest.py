"""Kubernetes plugins for tests: parsed from the lines of a Corefile, with a house whose file watcher runs."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from pydns.look import look
from pydns.plugin import House
from pydns.reply import Reply
from pydns.settings import Settings
from pydns_plugins.kubernetes import Kubernetes
from tests.plugins.asking import asked, block, directives

CLUSTER = (Path(__file__).parent / "cluster.toml").read_text()

Parse = Callable[..., Kubernetes]
Start = Callable[..., Awaitable[Kubernetes]]
Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The services file of `parse` and `started`."""
    path = tmp_path / "services.toml"
    path.write_text(CLUSTER)
    return path


@pytest.fixture
def parse(file: Path) -> Parse:
    def parse(*options: str, zones: str = "cluster.local in-addr.arpa ip6.arpa") -> Kubernetes:
        lines = "\n".join(f"  {option}" for option in (f"services {file}", *options))
        (found,) = Kubernetes.parse(directives(f"kubernetes {zones}\n{lines}"), block())
        settings = Settings()
        settings.bind.extend(directives("bind 127.0.0.1")[0].args)
        found.configure(settings)
        return found

    return parse


@pytest.fixture
async def filled(parse: Parse, file: Path) -> Start:
    """Plugins that have read their file, and do not follow it."""

    async def filled(*options: str, **more: str) -> Kubernetes:
        found = parse(*options, **more)
        found.house = House()
        found.local = (b"\x7f\0\0\1",)
        await found._load(look((str(file),)))
        return found

    return filled


@pytest.fixture
async def started(parse: Parse, house: House, nursery: trio.Nursery) -> Start:
    async def started(*options: str, **more: str) -> Kubernetes:
        found = parse(*options, **more)
        found.house = house
        with trio.fail_after(30):
            await nursery.start(found.run)
        return found

    return started


@pytest.fixture
def ask() -> Ask:
    return asked


@pytest.fixture
def libraries_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread loads them: a clock that jumps would not wait for it."""
    monkeypatch.setattr("pydns_plugins.kubernetes.live.load_libraries", trio.lowlevel.checkpoint)

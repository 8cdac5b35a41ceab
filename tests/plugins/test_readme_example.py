"""What plugins/README.md tells is done here: its files are written, run, tested and installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import trio

from pydns.changes import Changes
from pydns.cli.query.answer import Answer
from pydns.cli.query.asking import ask as ask_server
from pydns.cli.query.question import Question
from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.names import ROOT, from_text
from pydns.plugin import House, Plugin
from pydns.records import Ede, Type
from pydns.registry import known_names
from pydns.setup import configure
from pydns.testing import FakeNext, RunningServer, ask, plugins_of, running_server
from pydns.upstream.endpoint import Endpoint
from pydns.watch import Watcher

ROOT_FOLDER = Path(__file__).parents[2]
README = (ROOT_FOLDER / "plugins/README.md").read_text()
FILES = dict(re.findall(r"^`(\w+\.py)`[^\n]*\n+```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL))
(COREFILE,) = re.findall(r"^```corefile\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
(PROJECT,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the README's files in it."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


async def answer_of(server: RunningServer, name: str) -> Answer:
    question = Question(from_text(name), Type.TXT)
    found = await ask_server(question, Endpoint("127.0.0.1", server.port), stream=False, patience=5, tries=2)
    return found.answer


def test_all_files_are_there() -> None:
    assert FILES.keys() == {"hello.py", "test_hello.py", "motd.py"}


async def test_the_corefile_answers_as_it_is_told() -> None:
    async with running_server(COREFILE.replace(":1053", ":0")) as server:
        answer = await answer_of(server, "www.example.org")
    assert [record.rdata for record in answer.sections[0]] == [b"\x0cGood morning"]


def test_the_test_passes(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_hello.py"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert "4 passed" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize("command", [["mypy", "--strict", "--cache-dir=mypy"], ["ruff", "check", "--no-cache"]])
def test_the_code_is_checked_as_ours_is(folder: Path, command: list[str]) -> None:
    settings = [f"--config={ROOT_FOLDER / 'pyproject.toml'}"] if command[0] == "ruff" else []
    environ = os.environ | {"MYPYPATH": str(ROOT_FOLDER)}
    command = [sys.executable, "-m", *command, *settings, "hello.py", "motd.py"]
    result = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stdout


def test_an_error_names_its_place() -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        configure(parse_text(COREFILE.replace("Good morning", "x" * 256), environ={}))
    assert str(caught.value) in README


def test_an_installed_plugin_needs_no_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = tomllib.loads(PROJECT)["project"]["entry-points"]["pydns.plugins"]
    installed = folder / "pydns_hello-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pydns-hello\nVersion: 1.0\n")
    lines = "".join(f"{name} = {place}\n" for name, place in entries.items())
    (installed / "entry_points.txt").write_text(f"[pydns.plugins]\n{lines}")
    monkeypatch.syspath_prepend(folder)
    (plugin,) = plugins_of(". {\n hello\n}", environ={})
    assert plugin.name == "hello"
    assert "hello" in known_names()


def motd() -> Plugin:
    (plugin,) = plugins_of(". {\n plugin ./motd.py\n motd text\n}", environ={})
    return plugin


class Told(Changes):
    """Changes that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.next = trio.Event()

    def zone(self, zone: bytes) -> None:
        super().zone(zone)
        self.next.set()


async def started(plugin: Plugin, nursery: trio.Nursery, changes: Changes | None = None) -> Plugin:
    plugin.house = House(changes=changes or Changes(), watcher=Watcher())
    await nursery.start(plugin.house.files.run)
    await nursery.start(plugin.run)
    return plugin


def test_a_plugin_from_outside_stands_before_another() -> None:
    plugins = plugins_of(". {\n plugin ./motd.py ./hello.py\n hosts\n hello\n motd text\n whoami\n}", environ={})
    assert [plugin.name for plugin in plugins] == ["motd", "hosts", "hello", "whoami"]


async def test_a_file_is_followed(nursery: trio.Nursery, folder: Path) -> None:
    changes = Told()
    (folder / "text").write_text("one")
    plugin = await started(motd(), nursery, changes)
    assert (await ask(plugin, "a", "TXT")).answer[0].rdata == b"\3one"
    epoch, changes.next = changes.epoch, trio.Event()
    (folder / "text").write_text("two")
    with trio.fail_after(10):
        await changes.next.wait()
    assert (await ask(plugin, "a", "TXT")).answer[0].rdata == b"\3two"
    assert changes.touched_since(epoch, [ROOT])


async def test_without_its_file_it_is_not_ready(nursery: trio.Nursery) -> None:
    plugin = await started(motd(), nursery)
    assert not plugin.ready()
    assert (await ask(plugin, "a", "TXT")).errors == ((Ede.NOT_READY, f"{Path('text')} is not read yet"),)


async def test_a_reload_keeps_the_text(nursery: trio.Nursery, folder: Path) -> None:
    (folder / "text").write_text("one")
    plugin = await started(motd(), nursery)
    new = motd()
    new.inherit(plugin)
    assert (new.ready(), (await ask(new, "a", "TXT")).answer[0].rdata) == (True, b"\3one")


async def test_other_types_go_on() -> None:
    call_next = FakeNext()
    assert await ask(motd(), "a", "A", call_next) is call_next.reply

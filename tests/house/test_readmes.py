"""Documentation is complete, and what it shows works."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import trio

from pydns.corefile.parser import parse_text
from pydns.registry import BUILTIN
from pydns.setup import configure
from pydns.testing import running_server
from tests.e2e.programs import free_port

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins/pydns_plugins"
_COREFILE = re.compile(r"^```corefile\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SESSION = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples() -> Iterator[tuple[str, str]]:
    for readme in sorted([*PLUGINS.glob("*/README.md"), ROOT / "plugins/README.md"]):
        for i, example in enumerate(_COREFILE.findall(readme.read_text()), 1):
            yield f"{readme.parent.name} {i}", example


def with_free_ports(corefile: str) -> str:
    """The Corefile with each port of its keys and of its pages over HTTP replaced by a free one."""
    ports: dict[str, int] = {}

    def free(match: re.Match[str]) -> str:
        return f"{match[1]}:{ports.setdefault(match[2], free_port())}"

    corefile = re.sub(r"^(\s+(?:health|prometheus|ready) \S*?):(\d+)", free, corefile, flags=re.MULTILINE)
    return re.sub(r"^(\S*?):(\d+)(?=[\s,].*\{\s*$)", free, corefile, flags=re.MULTILINE)


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_a_plugin_has_a_readme_with_an_example(name: str) -> None:
    assert _COREFILE.search((PLUGINS / name / "README.md").read_text())


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_the_readme_lists_the_plugin(name: str) -> None:
    assert f"](plugins/pydns_plugins/{name}/README.md)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(("name", "corefile"), list(examples()), ids=[name for name, _ in examples()])
async def test_an_example_runs(name: str, corefile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for script, content in python_files().items():  # those that plugins/README.md has one write
        (tmp_path / script).write_text(content)
    with trio.fail_after(30):
        async with running_server(with_free_ports(corefile), port=0) as server:
            assert server.port


def python_files() -> dict[str, str]:
    text = (ROOT / "plugins/README.md").read_text()
    return dict(re.findall(r"^`(\w+\.py)`[^\n]*\n+```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def dig_lines() -> Iterator[tuple[str, list[str]]]:
    """Each command of the README's session, and the lines that it answers."""
    (session,) = _SESSION.findall((ROOT / "README.md").read_text())
    for part in session.split("$ ")[1:]:
        command, *answer = part.strip().splitlines()
        yield command, answer


async def test_the_readme_session_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    corefile = (ROOT / "Corefile.example").read_text()
    port = free_port()
    with trio.fail_after(60):
        async with running_server(corefile.replace("1054", str(port)), port=0) as server:
            for command, answer in dig_lines():
                words = ["+tries=1" if word == "+short" else word for word in shlex.split(command)]
                words = [str(server.port) if word == "1053" else word for word in [*words, "+short"]]
                run = partial(subprocess.run, words, capture_output=True, text=True, timeout=10)
                done = await trio.to_thread.run_sync(run)
                assert done.stdout.splitlines() == answer, command


def test_the_example_corefile_is_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert len(configure(parse_text((ROOT / "Corefile.example").read_text(), environ={})).blocks) == 2

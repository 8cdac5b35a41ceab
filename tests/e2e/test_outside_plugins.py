"""Plugins that are not ours: from a file, from an installed distribution, and failing in all the ways they can."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.programs import ROOT, dig, pydns, serving

HELLO: Final = '''
"""Answer hello.example."""

from pydns.corefile import values
from pydns.names import from_text
from pydns.plugin import Plugin
from pydns.records import Class, Record, Type
from pydns.reply import Reply


class Hello(Plugin):
    name = "hello"

    @classmethod
    def parse(cls, directives, block):
        values.arguments(values.once(directives), 0, 0)
        return (cls(),)

    async def serve(self, query, call_next):
        if query.name == from_text("bad.example"):
            raise LookupError("I am lost")
        if query.name == from_text("none.example"):
            return None
        if query.name != from_text("hello.example"):
            return await call_next(query)
        return Reply([Record(query.name, Type.A, Class.IN, 60, bytes((192, 0, 2, 1)))], by="hello")
'''
PROJECT: Final = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "hello-plugin"
version = "1.0"

[project.entry-points."pydns.plugins"]
hello = "hello_plugin:Hello"

[tool.hatch.build.targets.wheel]
only-include = ["hello_plugin.py"]
"""
COREFILE: Final = """. {{
    bind 127.0.0.1
    errors
    {plugin}
    hello
    whoami
}}
"""


@pytest.fixture
def from_file(corefile: Path) -> Path:
    """The path of a Corefile that names the plugin's file."""
    corefile.with_name("hello.py").write_text(HELLO)
    corefile.write_text(COREFILE.format(plugin=f"plugin {corefile.with_name('hello.py')}"))
    return corefile


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a distribution is installed that brings the plugin."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "hello_plugin.py").write_text(HELLO)
    words = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run((sys.executable, *words, "--target", str(target), str(source)), check=True, capture_output=True)
    return target


def test_one_from_a_file_answers(from_file: Path, port: int) -> None:
    with serving(from_file, port):
        assert dig(port, "hello.example").data == ["192.0.2.1"]
        assert dig(port, "other.example").status == "NOERROR"


def test_one_that_is_installed_answers(site: Path, port: int, corefile: Path) -> None:
    corefile.write_text(COREFILE.format(plugin=""))
    environ = {"PYTHONPATH": f"{ROOT}:{ROOT}/plugins:{site}"}
    with serving(corefile, port, environ=environ):
        assert dig(port, "hello.example").data == ["192.0.2.1"]


def test_one_that_is_installed_is_listed(site: Path) -> None:
    with pydns("-plugins", environ={"PYTHONPATH": f"{ROOT}:{ROOT}/plugins:{site}"}) as program:
        assert program.wait() == 0
    assert "  dns.hello" in program.lines


def test_one_that_is_not_there_is_told(port: int, corefile: Path) -> None:
    corefile.write_text(COREFILE.format(plugin=""))
    with pydns("-conf", corefile, "-p", str(port)) as program:
        assert program.wait() == 1
    assert program.lines[0].startswith(f"{corefile}:5:5: unknown plugin 'hello'")


@pytest.mark.parametrize(("name", "error"), [
    ("bad.example", "hello failed: LookupError"),
    ("none.example", "hello failed: TypeError"),
])  # fmt: skip
def test_a_failure_is_the_clients_to_know_and_its_query_alone(
    name: str, error: str, from_file: Path, port: int
) -> None:
    with serving(from_file, port):
        for word in ("+notcp", "+tcp"):
            failed = dig(port, name, "A", word)
            assert failed.status == "SERVFAIL"
            ((code, text),) = failed.errors
            assert (code, error in text) == (0, True)
            assert dig(port, "hello.example", "A", word).data == ["192.0.2.1"]


def test_a_failure_is_one_line_in_the_log(from_file: Path, port: int) -> None:
    with serving(from_file, port) as program:
        dig(port, "bad.example")
        program.wait_for("I am lost")
        program.send(signal.SIGTERM)
        program.wait()
    assert program.count("I am lost") == 1
    assert program.count("Traceback") == 0
    assert program.wait_for("I am lost") == "[ERROR] plugin/errors: 2 bad.example. A: LookupError: I am lost"


def test_without_errors_the_log_names_the_plugin(from_file: Path, port: int) -> None:
    from_file.write_text(from_file.read_text().replace("    errors\n", ""))
    with serving(from_file, port) as program:
        dig(port, "bad.example")
        assert program.wait_for("I am lost") == "[ERROR] bad.example. A: hello: LookupError: I am lost"


def test_an_edited_file_is_taken_up(from_file: Path, port: int) -> None:
    with serving(from_file, port) as program:
        assert dig(port, "hello.example").data == ["192.0.2.1"]
        from_file.with_name("hello.py").write_text(HELLO.replace("192, 0, 2, 1)", "192, 0, 2, 2)"))
        program.send(signal.SIGHUP)
        program.wait_for("Reloading complete")
        assert dig(port, "hello.example").data == ["192.0.2.2"]


@pytest.mark.parametrize("change", [
    ("return (cls(),)", "return None"),
    ('name = "hello"', "name = None"),
    ("class Hello", "1 / 0\n\nclass Hello"),
    ("class Hello", "raise SystemExit\n\nclass Hello"),
    ("class Hello", "class Hello("),
])  # fmt: skip
def test_a_broken_edit_leaves_the_old_one_running(change: tuple[str, str], from_file: Path, port: int) -> None:
    with serving(from_file, port) as program:
        from_file.with_name("hello.py").write_text(HELLO.replace(*change))
        program.send(signal.SIGHUP)
        program.wait_for(f"Reload failed, the old configuration runs on: {from_file}:")
        assert dig(port, "hello.example").data == ["192.0.2.1"]

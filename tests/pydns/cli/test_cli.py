import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

from pydns import cli
from pydns.cli import VERBS, main, usage
from pydns.cli.flags import FLAGS
from pydns.errors import PydnsError


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A verb `try`, whose `run` a test sets."""
    module = ModuleType("pydns.cli.try")
    monkeypatch.setitem(VERBS, "try", "for a test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def raising(error: BaseException) -> object:
    def run(words: list[str]) -> int:
        raise error

    return run


@pytest.mark.parametrize("words", [["-h"], ["-help"], ["--help"], ["help"], ["serve", "-h"]])
def test_help_is_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out == usage() + "\n"


@pytest.mark.parametrize("word", [*VERBS, *(flag.spelled for flag in FLAGS)])
def test_the_usage_names_it(word: str) -> None:
    assert f"\n  {word} " in usage()


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_is_a_module(name: str) -> None:
    assert callable(import_module(f"pydns.cli.{name}").run)


@pytest.mark.parametrize("words", [["-version"], ["serve", "-version"]])
def test_without_a_verb_it_serves(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("pydns-")


def test_a_verb_has_the_rest_of_the_words(verb: ModuleType) -> None:
    found: list[str] = []

    def run(words: list[str]) -> int:
        found.extend(words)
        return 7

    verb.run = run  # type: ignore[attr-defined]
    assert main(["try", "a", "-b"]) == 7
    assert found == ["a", "-b"]


@pytest.mark.parametrize(("error", "status", "told"), [
    (PydnsError("no"), 1, "pydns: no\n"),
    (KeyboardInterrupt(), 130, ""),
])  # fmt: skip
def test_what_a_verb_raises_is_an_exit_status(
    error: BaseException, status: int, told: str, verb: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    verb.run = raising(error)  # type: ignore[attr-defined]
    assert main(["try"]) == status
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("words", ["-version", "-plugins", "-help"])
def test_nobody_reads_what_it_says(words: str) -> None:
    process = subprocess.Popen(
        (sys.executable, "-m", "pydns", words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cli.__path__[0] + "/../..",
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(15) == 1


def test_a_verb_that_is_nearly_one_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chek", "Corefile"]) == 2
    assert "did you mean 'check'?" in capsys.readouterr().err

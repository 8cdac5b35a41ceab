"""What serve does before anything is served; tests/e2e/test_life.py runs it."""

import io
import sys
from pathlib import Path

import pytest

from pydns import __version__, names
from pydns.cli.flags import Flags
from pydns.cli.serve import loader, run, version
from pydns.errors import CorefileErrorGroup, StartError
from pydns.registry import known_names
from pydns.setup import Configuration


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder is the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))


def summary(configuration: Configuration) -> list[tuple[str, int, list[str]]]:
    return [
        (names.to_text(zone), port, [plugin.name for plugin in block.plugins])
        for block in configuration.blocks
        for _, port, zone, _ in block.ports()
    ]


@pytest.mark.parametrize(("flag", "status"), [("-version", 0), ("-plugins", 0), ("-nothing", 2), ("x", 2)])
def test_the_exit_status(flag: str, status: int) -> None:
    assert run([flag]) == status


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    run(["-version"])
    assert capsys.readouterr().out.splitlines() == list(version())
    assert version()[0] == f"pydns-{__version__}"


def test_the_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    run(["-plugins"])
    assert capsys.readouterr().out.splitlines() == [
        "Server types:", "  dns", "", "Other plugins:", *(f"  dns.{name}" for name in known_names()),
    ]  # fmt: skip


def test_a_usage_error_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run(["-nothing"])
    assert capsys.readouterr().err == "pydns: flag provided but not defined: -nothing (`pydns -help` lists them)\n"


# Which Corefile is read.


def test_the_one_that_is_named(folder: Path) -> None:
    (folder / "mine").write_text("a {\n whoami\n}")
    assert summary(loader(Flags(conf="mine", port=54))()) == [("a.", 54, ["whoami"])]


def test_the_one_in_the_working_folder(folder: Path) -> None:
    (folder / "Corefile").write_text("a {\n whoami\n}")
    assert summary(loader(Flags())()) == [("a.", 53, ["whoami"])]


def test_none_at_all() -> None:
    assert summary(loader(Flags(port=54))()) == [(".", 54, ["log", "whoami"])]


def test_one_that_went_is_not_taken_for_none_at_all(folder: Path) -> None:
    (folder / "Corefile").write_text("a {\n whoami\n}")
    load = loader(Flags())
    load()
    (folder / "Corefile").unlink()
    with pytest.raises(CorefileErrorGroup, match="No such file"):
        load()


def test_one_that_is_named_and_missing() -> None:
    with pytest.raises(CorefileErrorGroup, match="cannot read missing: No such file or directory"):
        loader(Flags(conf="missing"))()


def test_it_is_read_anew_each_time(folder: Path) -> None:
    (folder / "Corefile").write_text("a {\n}")
    load = loader(Flags())
    load()
    (folder / "Corefile").write_text("b {\n}")
    assert summary(load()) == [("b.", 53, [])]


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"a {\n whoami\n}")
    load = loader(Flags(conf="stdin"))
    assert summary(load()) == summary(load()) == [("a.", 53, ["whoami"])]


@pytest.mark.parametrize(("data", "error"), [
    (b"a {\n cach\n}", "stdin:2:2: unknown plugin 'cach'"),
    (b"a\xff {\n}", "stdin:1:1: the byte 0xff is no UTF-8"),
    (b"\x00", "stdin:1:1: "),
])  # fmt: skip
def test_what_is_wrong_with_standard_input_has_its_place(
    data: bytes, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, data)
    with pytest.raises(CorefileErrorGroup) as caught:
        loader(Flags(conf="stdin"))()
    assert str(caught.value).startswith(error)


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(StartError, match="standard input: it is closed"):
        loader(Flags(conf="stdin"))

"""Files that are read, patterns that are matched, and what a reload has to look at."""

import os
from pathlib import Path

import pytest
import trio

from pydns.corefile import files
from pydns.corefile.files import Files, read
from pydns.corefile.limits import Faults, LimitError
from pydns.corefile.tree import Position, Word
from pydns.errors import CorefileError

HERE = Position("Corefile", 4, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.conf", "a.conf", "c.txt", ".hidden.conf"):
        (tmp_path / name).write_text(name)
    (tmp_path / "d.conf").mkdir()
    (tmp_path / "d.conf" / "e.conf").write_text("e")
    return tmp_path


def matches(pattern: str, folder: Path) -> list[str]:
    return Files(Faults()).matches(Word(pattern, HERE), str(folder), HERE)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.conf", ["a.conf", "b.conf"]),
        ("?.conf", ["a.conf", "b.conf"]),
        ("[a-b].conf", ["a.conf", "b.conf"]),
        ("*/*.conf", ["d.conf/e.conf"]),
        ("none-*", []),
        ("none", ["none"]),
        ("a.conf", ["a.conf"]),
    ],
)
def test_a_pattern_names_files_in_order(pattern: str, expected: list[str], folder: Path) -> None:
    assert matches(pattern, folder) == [str(folder / name) for name in expected]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(folder: Path) -> None:
    (folder / "x[1].conf").write_text("")
    assert matches("x[1].conf", folder) == [str(folder / "x[1].conf")]


def test_wildcards_in_the_folder_of_the_importing_file_are_text(folder: Path) -> None:
    odd = folder / "[odd]"
    odd.mkdir()
    (odd / "f.conf").write_text("")
    assert matches("*.conf", odd) == [str(odd / "f.conf")]


@pytest.mark.parametrize("pattern", ["*/*/*", "a\0b"])
def test_a_bad_pattern_is_refused(pattern: str, folder: Path) -> None:
    with pytest.raises(CorefileError):
        matches(pattern, folder)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none", "No such file or directory"), ("d.conf", "it is a folder"), ("a\0b", "embedded null byte")],
)
def test_what_cannot_be_read_is_an_error_at_its_import(name: str, reason: str, folder: Path) -> None:
    path = str(folder / name)
    with pytest.raises(CorefileError) as caught:
        Files(Faults()).imported(path, HERE)
    assert caught.value.position == HERE
    assert reason in caught.value.message


async def test_a_pipe_that_nobody_writes_to_is_no_import(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with trio.fail_after(30), pytest.raises(CorefileError, match="no regular file"):
        await trio.to_thread.run_sync(Files(Faults()).imported, str(folder / "pipe"), HERE, abandon_on_cancel=True)


async def test_the_corefile_itself_may_be_a_pipe(folder: Path) -> None:
    path = folder / "pipe"
    os.mkfifo(path)
    found = []

    async def main() -> None:
        found.extend(await trio.to_thread.run_sync(Files(Faults()).main, str(path)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(main)
        await trio.Path(path).write_text("a b\n")
    assert [statement.words for statement in found] == [["a", "b"]]


def test_the_error_of_the_corefile_itself_stands_at_its_beginning() -> None:
    with pytest.raises(CorefileError) as caught:
        Files(Faults()).main("nowhere/Corefile")
    assert caught.value.position == Position("nowhere/Corefile", 1, 1)


def test_bytes_that_are_no_utf_8_are_kept_for_the_lexer(folder: Path) -> None:
    (folder / "latin").write_bytes(b"\xe9")
    assert read(str(folder / "latin"), HERE, 10, pipe=False) == "\udce9"


def test_a_file_over_the_limit_ends_the_reading(folder: Path) -> None:
    with pytest.raises(LimitError):
        read(str(folder / "a.conf"), HERE, 5, pipe=False)


def test_all_files_together_have_one_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_CHARACTERS", 8)
    sources = Files(Faults())
    sources.imported(str(folder / "a.conf"), HERE)
    with pytest.raises(LimitError):
        sources.imported(str(folder / "b.conf"), HERE)


def test_a_file_is_read_once_by_whatever_path(folder: Path) -> None:
    sources = Files(Faults())
    (folder / "link.conf").symlink_to("a.conf")
    first = sources.imported(str(folder / "a.conf"), HERE)
    assert sources.imported(str(folder / "d.conf" / ".." / "link.conf"), HERE) is first


def test_paths_and_patterns_are_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    sources = Files(Faults())
    sources.main("a.conf")
    sources.matches(Word("*.txt", HERE), "d.conf/..", HERE)
    sources.imported("./b.conf", HERE)
    assert list(sources.paths) == [folder / "a.conf", folder / "b.conf"]
    assert sources.patterns == [str(folder / "a.conf"), f"{folder}/d.conf/../*.txt"]

import io
import os
from pathlib import Path

import pytest

from pydns.cli.source import Source
from pydns.corefile.tree import Position
from pydns.errors import CorefileErrorGroup


def read_from(octets: bytes, monkeypatch: pytest.MonkeyPatch, path: str = "-") -> Source:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
    return Source(path)


def test_a_file_is_read(folder: Path) -> None:
    (folder / "Corefile").write_text(". {\n whoami\n}\n")
    assert len(Source("Corefile").corefile().blocks) == 1


@pytest.mark.parametrize("path", ["-", "stdin"])
def test_standard_input_is_read(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = read_from(b". {\n whoami\n}\n", monkeypatch, path).corefile().blocks
    assert block.keys[0].position == Position("stdin", 1, 1)


@pytest.mark.parametrize("octets", [b". {\n\xff\xfe\n}", b"\0", b"x" * 20_000_000])
def test_any_input_is_read_or_refused(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorefileErrorGroup):
        read_from(octets, monkeypatch).corefile()


def test_a_missing_file_is_an_error(folder: Path) -> None:
    with pytest.raises(CorefileErrorGroup, match="No such file or directory"):
        Source("Corefile").corefile()


@pytest.mark.parametrize(("number", "line"), [(1, ". {"), (2, "\twhoami"), (9, "")])
def test_a_line_of_a_file_is_found(folder: Path, number: int, line: str) -> None:
    (folder / "Corefile").write_bytes(b"\xef\xbb\xbf. {\r\n\twhoami\r\n}\r\n")
    assert Source("Corefile").line(Position("Corefile", number, 1)) == line


def test_a_line_of_standard_input_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    source = read_from(b". {\n whoami\n}", monkeypatch)
    source.corefile()
    assert source.line(Position("stdin", 2, 1)) == " whoami"


@pytest.mark.parametrize("path", ["none", ".", "a\0b", "pipe"])
def test_a_line_that_cannot_be_read_is_empty(folder: Path, path: str) -> None:
    os.mkfifo(folder / "pipe")
    assert Source("Corefile").line(Position(path, 1, 1)) == ""

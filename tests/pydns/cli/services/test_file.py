from __future__ import annotations

from pathlib import Path

import pytest

from pydns.cli.services.file import FileError, find_file
from pydns.errors import CorefileErrorGroup

BLOCK = "{zone}:1053 {{\n kubernetes cluster.local {{\n  services {file}\n }}\n}}\n"


@pytest.fixture
def corefile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "Corefile"


def test_a_named_file_it_is(corefile: Path) -> None:
    corefile.write_text(BLOCK.format(zone=".", file="x.toml"))
    assert find_file("y.toml", "Corefile") == Path("y.toml")


@pytest.mark.parametrize("text", [None, "", ". {\n whoami\n kubernetes\n}\n"])
def test_without_an_option_it_is_the_default(text: str | None, corefile: Path) -> None:
    if text is not None:
        corefile.write_text(text)
    assert find_file(None, "Corefile") == Path("services.toml")


@pytest.mark.parametrize(("file", "found"), [("x.toml", "x.toml"), ("/a/x.toml", "/a/x.toml")])
def test_the_option_of_the_corefile(file: str, found: str, corefile: Path) -> None:
    corefile.write_text(BLOCK.format(zone=".", file=file) + BLOCK.format(zone="a.test", file=file))
    assert find_file(None, "Corefile") == Path(found)


def test_the_root_of_the_block_counts(corefile: Path) -> None:
    corefile.write_text(BLOCK.format(zone=".", file="x.toml").replace(" kub", " root /data\n kub"))
    assert find_file(None, "Corefile") == Path("/data/x.toml")


def test_of_several_none_is_meant(corefile: Path) -> None:
    corefile.write_text(BLOCK.format(zone=".", file="x.toml") + BLOCK.format(zone="a.test", file="y.toml"))
    with pytest.raises(FileError, match=r"names several services files \(x\.toml, y\.toml\): say which by --file"):
        find_file(None, "Corefile")


def test_a_corefile_that_cannot_be_read_is_an_error(corefile: Path) -> None:
    corefile.write_text(". {\n")
    with pytest.raises(CorefileErrorGroup):
        find_file(None, "Corefile")

"""Whole Corefiles and what is read from them: `expected.toml`, or `expected.errors` where they are refused.

Each folder of tests/golden/corefile is a case; `environ`, if it is there, holds the environment, one NAME=VALUE a line.
"""

from pathlib import Path

import pytest

from pydns.corefile.adapt import adapt
from pydns.corefile.parser import parse_file
from pydns.errors import CorefileErrorGroup

GOLDEN = Path(__file__).parents[2] / "golden" / "corefile"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())


def environ_of(case: Path) -> dict[str, str]:
    file = case / "environ"
    if not file.exists():
        return {}
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def text_of(file: Path) -> str:
    return file.read_bytes().decode()


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("name", [name for name in CASES if (GOLDEN / name / "expected.toml").exists()])
def test_a_corefile_is_read_as_expected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN / name)
    corefile = parse_file("Corefile", environ=environ_of(GOLDEN / name))
    assert adapt(corefile) == text_of(GOLDEN / name / "expected.toml")


@pytest.mark.parametrize("name", [name for name in CASES if not (GOLDEN / name / "expected.toml").exists()])
def test_a_corefile_is_refused_as_expected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN / name)
    with pytest.raises(CorefileErrorGroup) as caught:
        parse_file("Corefile", environ=environ_of(GOLDEN / name))
    assert str(caught.value) + "\n" == text_of(GOLDEN / name / "expected.errors")

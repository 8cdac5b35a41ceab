import tomllib
from pathlib import Path

import pytest

from pydns.cli import adapt


def test_the_corefile_is_printed_as_toml(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(". {\n unknown a b\n}\n")
    assert adapt.run([]) == 0
    (server,) = tomllib.loads(capsys.readouterr().out)["server"]
    assert server["directives"] == [{"name": "unknown", "args": ["a", "b"]}]


def test_errors_go_to_standard_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Corefile").write_text(". {\n log {$UNSET_OF_PYDNS}\n}\n")
    assert adapt.run([]) == 1
    output, errors = capsys.readouterr()
    assert (output, errors.startswith("Corefile:2:6: ")) == ("", True)


def test_a_missing_file_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adapt.run(["none"]) == 1
    assert capsys.readouterr().err == "none:1:1: cannot read none: No such file or directory\n"


def test_the_help_tells_exit_codes_and_examples() -> None:
    text = adapt.parser().format_help()
    assert "exit codes: 0 printed" in text
    assert "  pydns adapt /etc/coredns/Corefile > Corefile.toml\n" in text

import io
import re
from pathlib import Path

import pytest

from pydns.cli.findings import as_json, show_findings
from pydns.cli.source import Source
from pydns.corefile.tree import Position
from pydns.errors import CorefileError
from pydns.lint import LintWarning
from tests.pydns.cli.terminal import Terminal

PLACE = Position("Corefile", 2, 2)
ERROR = CorefileError(PLACE, "unknown plugin 'cach'", "did you mean 'cache'?")
WARNING = LintWarning(PLACE, "cach is never reached", "remove it")


def shown(finding: CorefileError | LintWarning, stream: io.StringIO) -> list[str]:
    show_findings([finding], Source("Corefile"), stream)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (ERROR, "Corefile:2:2: unknown plugin 'cach' (did you mean 'cache'?)"),
        (CorefileError(PLACE, "an empty path"), "Corefile:2:2: an empty path"),
        (WARNING, "Corefile:2:2: warning: cach is never reached (remove it)"),
    ],
)
def test_a_finding_is_a_line_that_can_be_searched(finding: CorefileError | LintWarning, line: str) -> None:
    assert shown(finding, io.StringIO()) == [line] == [str(finding)]


@pytest.mark.parametrize(
    ("text", "column", "excerpt"),
    [
        (" cach 30", 2, [" cach 30", " ^"]),
        ("\tcach 30", 2, ["        cach 30", "        ^"]),
        (" 例え cach", 5, [" 例え cach", "      ^"]),
        ("", 1, []),
        ("x" * 500, 400, ["x" * 160]),
    ],
)
def test_a_terminal_shows_the_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, column: int, excerpt: list[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    (folder / "Corefile").write_text(f". {{\n{text}\n}}\n")
    found = shown(CorefileError(Position("Corefile", 2, column), "bad"), Terminal())
    assert [line.partition("| ")[2] for line in found[1:]] == excerpt


@pytest.mark.parametrize("finding", [ERROR, WARNING])
def test_json_holds_all_parts(finding: CorefileError | LintWarning) -> None:
    assert as_json(finding) == {
        "file": "Corefile", "line": 2, "column": 2, "message": finding.message, "remedy": finding.remedy,
    }  # fmt: skip

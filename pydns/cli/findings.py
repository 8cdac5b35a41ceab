"""How errors and warnings of a Corefile are shown: a line each; on a terminal with the place that is meant."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TextIO

from pydns.cli.output import Line, is_terminal, show
from pydns.errors import CorefileError

if TYPE_CHECKING:
    from pydns.cli.source import Source
    from pydns.lint import LintWarning

_WIDEST: Final = 160  # of a line of the Corefile that is shown


def show_findings(
    findings: Iterable[CorefileError | LintWarning], source: Source, stream: TextIO | None = None
) -> None:
    stream = sys.stdout if stream is None else stream
    terminal = is_terminal(stream)
    lines: list[Line] = []
    for finding in findings:
        lines.append(_line(finding))
        if terminal:
            lines += _excerpt(finding, source)
    show(lines, stream)


def as_json(finding: CorefileError | LintWarning) -> dict[str, Any]:
    file, line, column = finding.position
    return {"file": file, "line": line, "column": column, "message": finding.message, "remedy": finding.remedy}


def _line(finding: CorefileError | LintWarning) -> Line:
    kind = () if isinstance(finding, CorefileError) else (("warning: ", "bold yellow"),)
    style = "bold red" if isinstance(finding, CorefileError) else "bold"
    remedy = ((f" ({finding.remedy})", "cyan"),) if finding.remedy else ()
    return ((f"{finding.position}: ", "bold"), *kind, (finding.message, style), *remedy)


def _excerpt(finding: CorefileError | LintWarning, source: Source) -> Iterator[Line]:
    """The line of the Corefile, and a caret below the column."""
    from rich.cells import cell_len

    position = finding.position
    text = source.line(position)
    if not text.strip():
        return
    number = f"{position.line:>5} | "
    ahead = text[: position.column - 1].expandtabs()
    shown = text.expandtabs()[:_WIDEST]
    yield ((number, "dim"), (shown, ""))
    if len(ahead) < _WIDEST:
        yield (("      | ", "dim"), (" " * cell_len(ahead) + "^", "bold red"))

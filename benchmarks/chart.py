"""Draws the figures of a run as bars, in SVG. Colors suit a light and a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from benchmarks.figures import FIGURES, Result, written
from benchmarks.peers import OURS
from benchmarks.peers.floor import Floor

_WIDTH: Final = 760
_LEFT: Final = 130  # room for the servers' names
_RIGHT: Final = 60  # room for the value behind the longest bar
_BAR: Final = 15
_GAP: Final = 4
_HEAD: Final = 26  # a workload's title
_TOP: Final = 34

_STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px } .head { font-weight: 600 }
.server, .value { font-size: 11px } .server { text-anchor: end }
.ours { fill: #0969da } .peer { fill: #8c959f } .floor { fill: #d0d7de }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .ours { fill: #4493f8 } .peer { fill: #7d8590 } .floor { fill: #3d444d }
}
"""


class Bar(NamedTuple):
    server: str
    value: float


class Group(NamedTuple):
    """A workload."""

    title: str
    bars: Sequence[Bar]


def draw(results: Sequence[Result], titles: dict[str, str], figure: str = "cpu_microseconds") -> str:
    """The figure of each server, grouped by workload in the order of `titles`. All bars have one scale."""
    groups = list(_groups(results, titles, figure))
    most = max((bar.value for group in groups for bar in group.bars), default=0.0) or 1.0
    height = _TOP + sum(_HEAD + len(group.bars) * (_BAR + _GAP) + 2 * _GAP for group in groups)
    head = FIGURES[figure].head
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(head)}</title>",
        f"<style>{_STYLE}</style>",
        _text(0, 16, "title", f"{head}, less is better"),
    ]
    top = _TOP
    for group in groups:
        lines.append(_text(0, top + 16, "head", group.title))
        top += _HEAD
        for bar in group.bars:
            lines += _drawn(bar, top, (_WIDTH - _LEFT - _RIGHT) / most, written(figure, bar.value))
            top += _BAR + _GAP
        top += 2 * _GAP
    return "\n".join((*lines, "</svg>", ""))


def _groups(results: Sequence[Result], titles: dict[str, str], figure: str) -> Iterator[Group]:
    """Workloads without the figure are left out, and servers without it."""
    for workload, title in titles.items():
        found = [
            Bar(result.server, result.figures[figure])
            for result in results
            if result.workload == workload and math.isfinite(result.figures.get(figure, math.nan))
        ]
        if found:
            yield Group(f"{workload}: {title}", found)


def _drawn(bar: Bar, top: float, scale: float, value: str) -> Iterator[str]:
    width = bar.value * scale
    kind = {OURS: "ours", Floor.name: "floor"}.get(bar.server, "peer")
    yield _text(_LEFT - 6, top + 12, "server", bar.server)
    yield f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR}"/>'
    yield _text(_LEFT + width + 5, top + 12, "value", value)


def _text(x: float, y: float, kind: str, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'

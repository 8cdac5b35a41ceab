"""Reads a page of metrics (the Prometheus text format)."""

from __future__ import annotations

import re


def total(text: str, name: str) -> float:
    """The sum of a metric over all its labels; 0 where it is not on the page."""
    samples = re.findall(rf"^{re.escape(name)}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE)
    return sum(_number(value) for value in samples)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0

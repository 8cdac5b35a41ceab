"""Disagreements that stay, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from tests.differential.disagreement import Disagreement


class Known(NamedTuple):
    """pydns does otherwise than most do, where `holds`."""

    what: str
    why: str
    holds: Callable[[Disagreement], bool]


KNOWN: Final[Sequence[Known]] = ()

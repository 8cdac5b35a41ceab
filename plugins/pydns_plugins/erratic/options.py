"""Reads the erratic directive of a Corefile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydns.corefile import values

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive

AMOUNT: Final = 2
DURATION: Final = 0.1


@dataclass
class Options:
    """One answer in so many is dropped, truncated or delayed by `duration` seconds; 0 is none. `large`: see README."""

    drop: int = 0
    truncate: int = 0
    delay: int = 0
    duration: float = DURATION
    large: bool = False


def read_options(directives: Sequence[Directive]) -> Options:
    """Of several directives together. Raises CorefileError or CorefileErrorGroup."""
    options = Options()
    drop: int | None = None

    def read_drop(option: Directive) -> None:
        nonlocal drop
        drop = _amount(option, 1)

    def truncate(option: Directive) -> None:
        options.truncate = _amount(option, 1)

    def delay(option: Directive) -> None:
        options.delay = _amount(option, 2)
        options.duration = values.duration(option.args[1]) if len(option.args) > 1 else DURATION

    def large(option: Directive) -> None:
        values.arguments(option, 0, 0)
        options.large = True

    for directive in directives:
        values.arguments(directive, 0, 0)
        values.options(directive, {"drop": read_drop, "truncate": truncate, "delay": delay, "large": large})
    # Who says nothing of the kind gets what the name promises.
    options.drop = drop if drop is not None else 0 if options.truncate or options.delay else AMOUNT
    return options


def _amount(option: Directive, most: int) -> int:
    values.arguments(option, 0, most)
    return values.integer(option.args[0]) if option.args else AMOUNT

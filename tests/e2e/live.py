"""A server that runs while the file that it follows changes."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.programs import Program, dig, until

SOON = 5.0
"""Seconds in which a change is answered. A machine that is busy may need more than the half second that is meant."""


class Live:
    """A server that follows the file at `path`; `name` has an address in it."""

    def __init__(self, program: Program, port: int, path: Path, name: str) -> None:
        self.program = program
        self.port = port
        self.path = path
        self.name = name

    def answers(self, data: list[str], name: str = "", type_: str = "A", status: str = "NOERROR") -> None:
        """Returns once that is the answer."""

        def answer() -> tuple[str, list[str]]:
            found = dig(self.port, name or self.name, type_)
            return found.status, sorted(found.data)

        until(answer, lambda found: found == (status, data), SOON)

"""A stream that takes itself for a terminal."""

import io


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]  # StringIO has none

    def isatty(self) -> bool:
        return True

"""Reads a weight file: a line with a name, then a line with an address and its weight for each of its addresses."""

from __future__ import annotations

from ipaddress import ip_address

from pydns import names


class WeightError(ValueError):
    """A line that cannot be read; the message has its number."""


class Reader:
    """Takes the file line by line. `weights`: for each name the weight of packed addresses."""

    def __init__(self) -> None:
        self.weights: dict[bytes, dict[bytes, int]] = {}
        self._lines = 0
        self._known: dict[bytes, int] | None = None

    def read(self, line: str) -> None:
        """Raises WeightError."""
        self._lines += 1
        words = line.split()
        if not words or words[0].startswith("#"):
            return
        if len(words) == 1:
            self._begin(words[0])
        elif len(words) == 2:
            self._add(*words)
        else:
            raise self._error(f"{len(words)} words, where a name or an address and its weight should stand")

    def _begin(self, word: str) -> None:
        if _packed(word) is not None:
            raise self._error(f"no weight stands behind {word}")
        try:
            name = names.from_text(word)
        except names.NameSyntaxError as error:
            raise self._error(str(error)) from None
        self._known = self.weights.setdefault(name, {})

    def _add(self, address: str, weight: str) -> None:
        packed = _packed(address)
        if packed is None:
            raise self._error(f"{address[:60]!r} is no IP address")
        if not (weight.isascii() and weight.isdigit() and len(weight) <= 3 and 1 <= int(weight) <= 255):
            raise self._error(f"{weight[:60]!r} is no weight from 1 to 255")
        if self._known is None:
            raise self._error("no name stands before the first address")
        self._known.setdefault(packed, int(weight))

    def _error(self, text: str) -> WeightError:
        return WeightError(f"line {self._lines}: {text}")


def _packed(text: str) -> bytes | None:
    try:
        return ip_address(text).packed if "%" not in text else None
    except ValueError:
        return None

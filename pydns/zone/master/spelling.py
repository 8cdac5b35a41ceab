"""Words of a master file as octets: escapes, character strings, and names relative to the origin."""

from __future__ import annotations

import re
from typing import Final

from pydns.names import MAX_LABEL, MAX_LENGTH, ROOT
from pydns.zone.master.reading import shown

KEPT_NAMES: Final = 20_000
"""Names whose wire form is remembered while one origin holds: those of name servers come again and again."""

LENGTHS: Final = [bytes((length,)) for length in range(MAX_LABEL + 1)]

_ESCAPE: Final = re.compile(rb"\\([0-9]{3}|[^0-9]|$)?", re.DOTALL)


class SpellingError(ValueError):
    """A word is not what should stand at its place; the message says why."""


def unescaped(text: bytes) -> bytes:
    """The octets of text with `\\X` and `\\DDD` escapes (RFC 1035 section 5.1). Raises SpellingError."""
    return _ESCAPE.sub(lambda found: _octet(found, text), text) if b"\\" in text else text


def _octet(found: re.Match[bytes], text: bytes) -> bytes:
    escaped = found[1]
    if not escaped:
        raise SpellingError(f"the backslash in {shown(text)} wants a character or three digits behind it")
    if len(escaped) == 1:
        return escaped
    if int(escaped) > 255:
        raise SpellingError(f"the escape \\{escaped.decode()} is over 255")
    return bytes((int(escaped),))


def string(word: bytes) -> bytes:
    """The octets of a character string, in quotes or bare, without its length. Raises SpellingError."""
    octets = unescaped(word[1:-1] if word[:1] == b'"' else word)
    if len(octets) > 255:
        raise SpellingError(f"a string of {len(octets)} octets, at most 255: split it into several")
    return octets


class Naming:
    """Names as they stand in a file, relative ones below `origin`, with their letters as written."""

    def __init__(self, origin: bytes) -> None:
        self.origin = origin
        self.known: Final[dict[bytes, bytes]] = {b"@": origin}
        """From word to wire form, for who wants to save a call; never all of them."""

    def change_origin(self, origin: bytes) -> None:
        self.origin = origin
        self.known.clear()
        self.known[b"@"] = origin

    def name(self, word: bytes) -> bytes:
        """The wire form. Raises SpellingError."""
        found = self.known.get(word)
        if found is None:
            found = self._name(word)
            if len(self.known) >= KEPT_NAMES:
                self.change_origin(self.origin)
            self.known[word] = found
        return found

    def _name(self, word: bytes) -> bytes:
        if word == b".":
            return ROOT
        if word[:1] == b'"':
            raise SpellingError(f"{shown(word)} is no name: take the quotes away")
        labels = word.split(b".") if b"\\" not in word else _labels(word)
        end = ROOT if not labels[-1] else self.origin
        if not labels[-1]:
            labels.pop()
        try:
            wire = b"".join([LENGTHS[len(label)] + label for label in labels]) + end
        except IndexError:
            longest = max(map(len, labels))
            raise SpellingError(f"a label of {longest} octets in {shown(word)}, at most {MAX_LABEL}") from None
        if b"" in labels or not labels:
            raise SpellingError(f"an empty label in the name {shown(word)}")
        if len(wire) > MAX_LENGTH:
            raise SpellingError(f"the name {shown(word)} has {len(wire)} octets, at most {MAX_LENGTH}")
        return wire


_LABEL: Final = re.compile(rb"(?:[^.\\]|\\(?:[0-9]{3}|[^0-9]|.|$))*+", re.DOTALL)


def _labels(word: bytes) -> list[bytes]:
    """Those of a name with escapes; the last is empty where the name is absolute."""
    labels: list[bytes] = []
    at = 0
    while True:
        found = _LABEL.match(word, at)
        if found is None or at > len(word):  # the expression matches the empty text too
            return labels
        labels.append(unescaped(found.group()))
        at = found.end() + 1
        if at > len(word):
            return labels

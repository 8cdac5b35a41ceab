"""Files of keys in BIND's syntax, as tsig-keygen writes it: `key "name" { algorithm hmac-sha256; secret "base64"; };`

CoreDNS bears with missing semicolons, so they may be missing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pydns import names
from pydns.tsig.algorithms import Algorithm, algorithm
from pydns.tsig.key import Key, secret_from_text

MOST: Final = 10_000
"""Keys in one file."""

_TOKEN: Final = re.compile(r'[ \t\r\f\v]+|#[^\n]*|//[^\n]*|/\*.*?\*/|(?P<line>\n)|"(?P<quoted>[^"\n]*)"|'
                           r'(?P<mark>[{};])|(?P<word>(?:(?!//|/\*)[^\s{};"#])+)', re.DOTALL)  # fmt: skip


class KeyFileError(ValueError):
    """What the matter is, and the line and column where it stands, counted from 1."""

    def __init__(self, line: int, column: int, text: str) -> None:
        super().__init__(f"{line}:{column}: {text}")
        self.line = line
        self.column = column
        self.text = text


class _Token(NamedTuple):
    text: str
    is_mark: bool
    line: int
    column: int

    def error(self, text: str) -> KeyFileError:
        return KeyFileError(self.line, self.column, text)


def read_keys(text: str) -> dict[bytes, Key]:
    """The keys by name; without an `algorithm` see `Key.unnamed`. Raises KeyFileError."""
    found: dict[bytes, Key] = {}
    tokens = _tokens(text)
    for token in tokens:
        if token.is_mark and token.text == ";":
            continue
        if token.is_mark or token.text != "key":
            raise token.error(f"{_shown(token)} where a statement begins: key NAME {{ secret KEY; }};")
        key = _key(tokens, _word(tokens, token, "a name"))
        if key.name in found:
            raise token.error(f"key {names.to_text(key.name)} stands twice")
        if len(found) == MOST:
            raise token.error(f"more than {MOST} keys")
        found[key.name] = key
    return found


def _key(tokens: Iterator[_Token], name: _Token) -> Key:
    secret: bytes | None = None
    chosen: Algorithm | None = None
    try:
        owner = names.from_text(name.text)
    except ValueError as error:
        raise name.error(str(error)) from None
    token = _next(tokens, name, "{")
    if not token.is_mark or token.text != "{":
        raise token.error("'{' is missing behind the name of the key")
    while True:
        token = _next(tokens, token, "}")
        if token.is_mark and token.text == ";":
            continue
        if token.is_mark and token.text == "}":
            break
        if token.is_mark or token.text not in ("algorithm", "secret"):
            raise token.error(f"{_shown(token)} where `algorithm` or `secret` may stand")
        value = _word(tokens, token, f"what the {token.text} is")
        if (chosen if token.text == "algorithm" else secret) is not None:
            raise token.error(f"a second {token.text}")
        try:
            if token.text == "algorithm":
                chosen = algorithm(value.text)
            else:
                secret = secret_from_text(value.text)
        except ValueError as error:
            raise value.error(str(error)) from None
    if secret is None:
        raise name.error(f"key {names.to_text(owner)} has no secret")
    return Key(owner, chosen, secret) if chosen is not None else Key.unnamed(owner, secret)


def _shown(token: _Token) -> str:
    """What stands there, unless it might be a secret."""
    return repr(token.text) if len(token.text) <= 16 else "a word"


def _next(tokens: Iterator[_Token], before: _Token, wanted: str) -> _Token:
    token = next(tokens, None)
    if token is None:
        raise before.error(f"the file ends here, and {wanted} is missing")
    return token


def _word(tokens: Iterator[_Token], before: _Token, wanted: str) -> _Token:
    token = _next(tokens, before, wanted)
    if token.is_mark:
        raise token.error(f"{token.text!r} in place of {wanted}")
    return token


def _tokens(text: str) -> Iterator[_Token]:
    at, line, begins = 0, 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise KeyFileError(line, at - begins + 1, "a quote or a comment that does not end")
        kind = found.lastgroup
        if kind in ("quoted", "word", "mark"):
            yield _Token(found[kind], kind == "mark", line, at - begins + 1)
        newlines = found[0].count("\n")
        if newlines:
            line += newlines
            begins = found.start() + found[0].rindex("\n") + 1
        at = found.end()

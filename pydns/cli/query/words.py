"""The words of a query in any order, as dig takes them: a name, a type, a class, `@` and a server."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pydns.cli.query.asking import NoAnswerError
from pydns.errors import PydnsError
from pydns.records import Class, Type, type_from_text
from pydns.upstream.endpoint import Endpoint, endpoint
from pydns.upstream.resolvconf import MOST_OCTETS, nameservers

RESOLV_CONF: Final = Path("/etc/resolv.conf")

_TRANSFERS: Final = frozenset((Type.AXFR, Type.IXFR))
_CLASSES: Final = {"IN": Class.IN, "CH": Class.CH, "HS": Class.HS}


class WordError(PydnsError):
    """The words ask for nothing that can be asked."""


class Words(NamedTuple):
    """None, or empty, for what was not said. `server` is without its `@`."""

    name: str | None
    type: int | None
    class_: int
    server: str


def read(words: Sequence[str], *, named: bool = False) -> Words:
    """Raises WordError. Where all words are types or classes, the first is the name (`ns` for example).

    `named`: a name was given by an option.
    """
    name: str | None = None
    type_: int | None = None
    class_: int | None = None
    server = ""
    rest = []
    for word in words:
        if word.startswith("+"):
            raise WordError(f"{word!r}: options have two dashes here: --short, --tcp, --no-recurse ...")
        if not word.startswith("@"):
            rest.append(word)
        elif server:
            raise WordError(f"one server at a time, not {server} and {word[1:]}")
        elif not (server := word[1:]):
            raise WordError("no server behind the @")
    if not named and all(_is_type(word) or _is_class(word) for word in rest):
        name, rest = (rest[0], rest[1:]) if rest else (None, rest)
    for word in rest:
        if type_ is None and _is_type(word):
            type_ = type_from_text(word)
        elif class_ is None and _is_class(word):
            class_ = _CLASSES[word.upper()]
        elif name is None and not named:
            name = word
        else:
            raise WordError(f"{word!r} is one word too many: a name, a type and a class are all")
    if type_ in _TRANSFERS:
        raise WordError("a zone transfer is many messages, and one is read here: dig does it")
    if name is None and not named:
        raise WordError("a name is missing")
    return Words(name, type_, Class.IN if class_ is None else class_, server)


def _is_type(word: str) -> bool:
    try:
        type_from_text(word)
    except ValueError:
        return False
    return True


def _is_class(word: str) -> bool:
    return word.isascii() and word.upper() in _CLASSES


def server_of(text: str, port: int) -> Endpoint:
    """An address, with a port or not, or a host's name, which the system looks up. Raises NoAnswerError."""
    try:
        return endpoint(text, port)
    except ValueError as error:
        if text.startswith("[") or ":" in text or not text.strip("0123456789."):
            raise NoAnswerError(f"{error} to ask") from None
    try:
        found = socket.getaddrinfo(text, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NoAnswerError(f"the server {text!r} has no address: {reason}") from None
    return Endpoint(str(found[0][4][0]), port)


def default_server(port: int, path: Path = RESOLV_CONF) -> Endpoint:
    """The first name server of a resolv.conf; this machine where there is none, as resolv.conf(5) has it."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_OCTETS).decode("utf-8", "replace")
    except OSError:
        text = ""
    found = nameservers(text, str(path))
    return Endpoint(found[0].host if found else "127.0.0.1", port)

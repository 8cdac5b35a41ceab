"""Formats of log lines: read once from the Corefile's text, then filled in for each query."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Final

from pydns.logs import printable

from . import exchange
from .exchange import EMPTY, Exchange

_log = logging.getLogger("pydns.log")

COMMON: Final = (
    '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" '
    "{rcode} {>rflags} {rsize} {duration}"
)
COMBINED: Final = COMMON + ' "{>opcode}"'

Reader = Callable[[Exchange], str]

PLACEHOLDERS: Final[dict[str, Reader]] = {
    "{type}": lambda seen: seen.type,
    "{name}": lambda seen: seen.name,
    "{class}": lambda seen: seen.class_,
    "{proto}": exchange.proto,
    "{remote}": exchange.remote,
    "{local}": exchange.local,
    "{port}": exchange.port,
    "{size}": lambda seen: str(len(seen.query)),
    "{duration}": exchange.duration,
    "{rcode}": exchange.rcode,
    "{rsize}": exchange.answer_size,
    "{>rflags}": exchange.answer_flags,
    "{>bufsize}": exchange.buffer_size,
    "{>do}": lambda seen: "true" if seen.do else "false",
    "{>id}": exchange.identifier,
    "{>opcode}": lambda seen: str(seen.opcode),
    "{/log/type}": lambda seen: seen.verdict()[0],
    "{/log/class}": lambda seen: seen.verdict()[1],
}
"""All that a format may hold besides `{/LABEL}`. The last two are the metadata that CoreDNS's log plugin sets."""

_OWN: Final = frozenset((exchange.remote, exchange.port, exchange.local, exchange.identifier))
"""What is each query's own, though their answer be the same and take no time."""

_OWN_OF_COMMON: Final = [exchange.remote, exchange.port, exchange.identifier]
_BRACES: Final = re.compile(r"\{[^{}]*\}")


class Format:
    """A format, ready to be filled in. `labels`: whether it asks for metadata that other plugins set.

    Braces that hold no placeholder stand for themselves, as in CoreDNS.
    """

    __slots__ = ("_readers", "_template", "labels", "text")

    def __init__(self, text: str) -> None:
        self.text = text.replace("{common}", COMMON).replace("{combined}", COMBINED)
        self.labels = False
        template, readers, end = "", [], 0
        for match in _BRACES.finditer(self.text):
            reader = self._reader(match[0])
            if reader is not None:
                template += self.text[end : match.start()].replace("%", "%%") + "%s"
                readers.append(reader)
                end = match.end()
        # One `%` over a ready text is the quickest way to fill it in: all else is done here.
        self._template = template + self.text[end:].replace("%", "%%")
        self._readers: tuple[Reader, ...] = tuple(readers)

    def _reader(self, braces: str) -> Reader | None:
        if known := PLACEHOLDERS.get(braces):
            return known
        if braces.startswith("{/"):
            self.labels = True
            return _label(braces[2:-1])
        return None

    def line(self, seen: Exchange) -> str:
        return self._template % tuple([read(seen) for read in self._readers])

    def for_replays(self, seen: Exchange) -> Callable[[Exchange], str]:
        """As `line`, for replays of the same answer to queries of the same length: what they share is ready."""
        words = ["%s" if read in _OWN else read(seen).replace("%", "%%") for read in self._readers]
        template = self._template.replace("%%", "%%%%") % tuple(words)
        readers = [read for read in self._readers if read in _OWN]
        if readers == _OWN_OF_COMMON:
            return partial(_common, template)
        return lambda seen: template % tuple([read(seen) for read in readers])


def _common(template: str, seen: Exchange) -> str:
    """The same in a third of the time: millions of lines have this form."""
    query, (host, port) = seen.query, seen.client.peer
    return template % (f"[{host}]" if ":" in host else host, port, query[0] << 8 | query[1])


def _label(label: str) -> Reader:
    def read(seen: Exchange) -> str:
        value = seen.labels.get(label)
        if value is None:
            return EMPTY
        try:
            # A label may repeat what a stranger sent.
            return printable(value()) or EMPTY
        except Exception:  # another plugin's fault must not cost the line, nor the answer behind it
            _log.debug("metadata %s cannot be read", label, exc_info=True)
            return EMPTY

    return read

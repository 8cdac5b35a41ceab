"""Name servers and search lists out of files in the form of resolv.conf(5)."""

from __future__ import annotations

import logging

from pydns.names import ROOT, NameSyntaxError, from_text
from pydns.upstream.endpoint import Endpoint, endpoint

log = logging.getLogger("pydns.upstream")

MOST_OCTETS = 1 << 20
"""A longer file is no resolv.conf."""


def nameservers(text: str, path: str) -> tuple[Endpoint, ...]:
    """The addresses of its `nameserver` lines, each once; what is none is logged with its line.

    Comments begin with `#` or `;`, at the line's start or behind a space. Other keywords are left alone.
    """
    found: dict[Endpoint, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0] != "nameserver":
            continue
        if len(words) < 2:
            log.warning("%s:%d: nameserver without an address", path, number)
            continue
        try:
            found[endpoint(words[1])] = None
        except ValueError as error:
            log.warning("%s:%d: %s", path, number, error)
    return tuple(found)


def search_list(text: str, path: str) -> tuple[bytes, ...]:
    """The names of its last `search` or `domain` line, each once, in wire form; what is none is logged.

    The root, by which systemd says that there are none, is left out.
    """
    found: dict[bytes, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0] not in ("search", "domain"):
            continue
        found.clear()
        for word in words[1:] if words[0] == "search" else words[1:2]:
            if word[0] in "#;":
                break
            try:
                name = from_text(word)
            except NameSyntaxError as error:
                log.warning("%s:%d: %s", path, number, error)
                continue
            if name != ROOT:
                found[name] = None
    return tuple(found)

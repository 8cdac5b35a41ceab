"""Reads the autopath directive of a Corefile."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from pydns.corefile import values
from pydns.corefile.tree import Directive, ServerBlock
from pydns.errors import CorefileError

SEARCH: Final = "search"
_CLUSTER: Final = "kubernetes"
_FORM: Final = "write it as autopath [ZONES...] RESOLV-CONF, @kubernetes or search"


class Options(NamedTuple):
    """What an autopath directive says.

    * `file`: whose search list all clients have; None: `plugin` knows each client's
    * `plugin`: the name of a plugin of this block
    * `holds_back`: that plugin passes on nothing in the zones that search paths lead into
    """

    zones: tuple[bytes, ...]
    file: Path | None = None
    plugin: str = ""
    holds_back: bool = False


def read_options(directive: Directive, block: ServerBlock) -> Options:
    """Raises CorefileError."""
    values.no_block(directive)
    if not directive.args:
        raise CorefileError(directive.position, "autopath wants to know where search lists come from", _FORM)
    *words, source = directive.args
    zones = values.zones(words, block)
    if not source.startswith("@") and source != SEARCH:
        if not source:
            raise CorefileError(source.position, "'' is no file", _FORM)
        return Options(zones, file=values.path(source, block))
    plugin = source[1:] if source != SEARCH else _CLUSTER
    if not block.named(plugin):
        text = f"autopath asks {plugin or 'a plugin'} where clients look, which is not in this server block"
        raise CorefileError(source.position, text, f"add {plugin}" if plugin else _FORM)
    return Options(zones, plugin=plugin, holds_back=source == SEARCH)

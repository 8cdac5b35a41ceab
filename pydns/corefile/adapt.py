"""Prints a Corefile as TOML: what was understood, with imports put in and variables filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli_w

from pydns import names

if TYPE_CHECKING:
    from pydns.corefile.tree import Corefile, Directive, Key, ServerBlock


def adapt(corefile: Corefile) -> str:
    """A `[[server]]` for each server block, in the order of the file, as are all parts of it."""
    return tomli_w.dumps({"server": [_server(block) for block in corefile.blocks]})


def _server(block: ServerBlock) -> dict[str, Any]:
    table: dict[str, Any] = {"keys": [_key(key) for key in block.keys]}
    if block.named("root"):
        table["root"] = str(block.root)
    table["directives"] = [_directive(directive) for directive in block.directives]
    return table


def _key(key: Key) -> dict[str, Any]:
    """`port` is left out where the key has none, since what it stands for is the command line's to say."""
    table: dict[str, Any] = {"key": str(key.word), "scheme": key.scheme, "zone": names.to_text(key.zone)}
    if key.port is not None:
        table["port"] = key.port
    return table


def _directive(directive: Directive) -> dict[str, Any]:
    """`args` and `block` are left out where there are none; an empty block is kept, since its braces stood there."""
    table: dict[str, Any] = {"name": str(directive.name)}
    if directive.args:
        table["args"] = list(map(str, directive.args))
    if directive.block is not None:
        table["block"] = [_directive(option) for option in directive.block]
    return table

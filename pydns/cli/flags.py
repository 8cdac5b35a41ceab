"""CoreDNS's command line: flags as Go's flag package reads them, so that units and containers need no change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydns.errors import PydnsError
from pydns.setup import DEFAULT_PORT


class UsageError(PydnsError):
    """The command line is not understood."""


class Flag(NamedTuple):
    name: str
    value: str  # what it is called in the usage; empty where the flag is a switch
    help: str

    @property
    def spelled(self) -> str:
        return f"-{self.name} {self.value}".rstrip()


FLAGS: Final = (
    Flag("conf", "FILE", "Corefile to load; `stdin` reads it from there (default: ./Corefile, else whoami and log)"),
    Flag("dns.port", "PORT", f"port of server blocks that name none (default: {DEFAULT_PORT})"),
    Flag("p", "PORT", "the same"),
    Flag("pidfile", "FILE", "write the process's id to this file"),
    Flag("quiet", "", "say nothing about the start"),
    Flag("plugins", "", "list the plugins, and exit"),
    Flag("version", "", "show the version, and exit"),
)

_BY_NAME: Final = {flag.name: flag for flag in FLAGS}
_TRUE: Final = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE: Final = frozenset(("0", "f", "F", "false", "FALSE", "False"))


@dataclass
class Flags:
    conf: str = ""
    port: int = DEFAULT_PORT
    pidfile: str = ""
    quiet: bool = False
    plugins: bool = False
    version: bool = False


def read(words: Sequence[str]) -> Flags:
    """The flags of a command line. Raises UsageError.

    A flag has one dash or two, and its value stands behind it or behind `=`; switches take one only behind `=`.
    """
    flags = Flags()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--" and not rest:
            break
        if word in ("-", "--") or not word.startswith("-"):
            extra = rest if word == "--" else [word, *rest]
            raise UsageError(f"extra command line arguments: {' '.join(extra)} (`pydns -help` tells more)")
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            raise UsageError(f"bad flag syntax: {word}")
        flag = _BY_NAME.get(name)
        if flag is None:
            raise UsageError(f"flag provided but not defined: -{name} (`pydns -help` lists them)")
        if not flag.value:
            setattr(flags, name, _switch(flag, value if equals else "true"))
            continue
        if not equals:
            if not rest:
                raise UsageError(f"flag needs an argument: -{name}")
            value = rest.pop(0)
        if name in ("dns.port", "p"):
            flags.port = _port(flag, value)
        else:
            setattr(flags, name, value)
    return flags


def _switch(flag: Flag, value: str) -> bool:
    if value not in _TRUE | _FALSE:
        raise UsageError(f"invalid boolean value {value!r} for -{flag.name}")
    return value in _TRUE


def _port(flag: Flag, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 6 and int(value) < 65536):
        raise UsageError(f"invalid value {value!r} for -{flag.name}: a port is a number up to 65535")
    return int(value)

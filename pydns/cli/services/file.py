"""Which services file is meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydns.corefile import values
from pydns.corefile.parser import parse_file
from pydns.errors import PydnsError

DEFAULT: Final = "services.toml"


class FileError(PydnsError):
    """Nobody can tell which file is meant."""


def find_file(named: str | None, corefile: str) -> Path:
    """The file that was named, else that of the Corefile's one `services` option, else the default.

    Raises FileError where there are several, and CorefileErrorGroup where the Corefile cannot be read.
    """
    if named is not None:
        return Path(named)
    found = _in_corefile(corefile) if Path(corefile).exists() else []
    if len(found) > 1:
        files = ", ".join(map(str, found))
        raise FileError(f"{corefile} names several services files ({files}): say which by --file")
    return found[0] if found else Path(DEFAULT)


def _in_corefile(corefile: str) -> list[Path]:
    """The files of all `services` options, each once."""
    tree = parse_file(corefile, environ=os.environ)
    found = [
        values.path(option.args[0], block)
        for block in tree.blocks
        for directive in block.named("kubernetes")
        for option in directive.block or ()
        if option.name == "services" and option.args
    ]
    return list(dict.fromkeys(found))

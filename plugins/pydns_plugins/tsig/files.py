"""Reads the files of keys that a tsig directive names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydns.errors import PydnsError
from pydns.names import to_text
from pydns.tsig.keyfile import KeyFileError, read_keys
from pydns.watch import read_whole

if TYPE_CHECKING:
    from pydns.tsig.key import Key

LARGEST: Final = 1 << 22
"""Octets of a file."""


class KeysError(PydnsError):
    """What is wrong with a file of keys, and where."""


async def read_files(files: Iterable[Path], known: Mapping[bytes, Key]) -> dict[bytes, Key]:
    """All keys of the files. Raises KeysError, also for a key that is `known` already or in two of them."""
    found: dict[bytes, Key] = {}
    for path in files:
        try:
            keys = read_keys((await read_whole(path, LARGEST)).decode("utf-8", "surrogateescape"))
        except OSError as error:
            raise KeysError(f"{path}: {error.strerror or error}") from None
        except KeyFileError as error:
            raise KeysError(f"{path}:{error}") from None
        for name, key in keys.items():
            if name in found or name in known:
                raise KeysError(f"{path}: key {to_text(name)} stands elsewhere too")
            found[name] = key
    return found

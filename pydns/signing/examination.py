"""What is wrong with the files of keys, for `pydns check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import DnssecError
from pydns.zone.master.reading import Fault, Severity


def examine(keys: Iterable[Path]) -> Sequence[Fault]:
    """A key that is broken is an error; one that is not there may come. Blocks."""
    found = []
    for path in keys:
        try:
            keyfiles.read(path)
        except DnssecError as error:
            there = all(file.exists() for file in keyfiles.files(path))
            file, _, text = str(error).partition(": ")
            found.append(Fault(file, 0, 0, text, Severity.ERROR if there else Severity.WARNING))
    return found

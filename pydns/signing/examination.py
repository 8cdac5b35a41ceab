"""What is wrong with the files of keys, for `pydns check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import DnssecError
from pydns.names import is_within, to_text
from pydns.zone.master.reading import Fault, Severity


def examine(keys: Iterable[Path], zones: Sequence[bytes]) -> Sequence[Fault]:
    """A key that is broken is an error; one that is not there may come. Blocks.

    One that was made for none of the zones which it signs, nor for one above them, is hardly meant: CoreDNS refuses it.
    """
    found = []
    for path in keys:
        try:
            key = keyfiles.read(path)
        except DnssecError as error:
            there = all(file.exists() for file in keyfiles.files(path))
            file, _, text = str(error).partition(": ")
            found.append(Fault(file, 0, 0, text, Severity.ERROR if there else Severity.WARNING))
        else:
            if not any(is_within(zone, key.name) for zone in zones):
                text = f"was made for {to_text(key.name)}, and signs others; their DS records: `pydns keys ds --zone`"
                found.append(Fault(str(keyfiles.files(path)[0]), 0, 0, text, Severity.WARNING))
    return found

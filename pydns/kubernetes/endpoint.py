"""Access to a URL, with the certificates of three files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import trio

from pydns.kubernetes.access import Access, read


class Certificates(NamedTuple):
    """Paths: ours, our key, and the authority behind the server's."""

    certificate: Path
    key: Path
    authority: Path


class Endpoint:
    """Without `certificates` we are nobody, and those of the system must stand behind the server's."""

    def __init__(self, url: str, certificates: Certificates | None = None) -> None:
        self.place = url.rstrip("/")
        self._certificates = certificates

    async def load(self, *, refused: bool = False) -> Access:
        if self._certificates is None:
            return Access(self.place)
        return await trio.to_thread.run_sync(self._read, self._certificates)

    def _read(self, paths: Certificates) -> Access:
        certificate, key, authority = map(read, paths)
        return Access(self.place, authority, certificate, key)

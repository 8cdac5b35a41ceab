"""Access from within a cluster: what each pod finds in its environment and in the folder of its service account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import trio

from pydns.kubernetes.access import Access, AccessError, bearer, read

FOLDER: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class InCluster:
    """The token is read anew each time: the kubelet replaces it long before it expires."""

    place = "in-cluster"

    def __init__(self, environ: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> None:
        self._environ = environ
        self._folder = folder

    async def load(self, *, refused: bool = False) -> Access:
        host, port = (self._environ.get(f"KUBERNETES_SERVICE_{each}", "") for each in ("HOST", "PORT"))
        if not host or not port:
            raise AccessError("this is no pod: KUBERNETES_SERVICE_HOST is not set, and no endpoint or kubeconfig given")
        # An address, so that nobody needs to ask a DNS server for it, which could be ourselves.
        server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        authority, token = await trio.to_thread.run_sync(self._read)
        return Access(server, authority, authorization=bearer(token.decode("latin-1")))

    def _read(self) -> tuple[bytes, bytes]:
        return read(self._folder / "ca.crt"), read(self._folder / "token")

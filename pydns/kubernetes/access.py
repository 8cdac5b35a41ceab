"""Where the API is and who we are there, at one moment: tokens and certificates change while we run."""

from __future__ import annotations

import math
import os
import ssl
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from pydns.errors import PydnsError

MOST: Final = 1 << 20
"""Bytes of a token, a certificate or a kubeconfig at most."""


class AccessError(PydnsError):
    """What would let us in cannot be had: a file is missing, a command failed."""


class Access(NamedTuple):
    """What a request needs.

    * `server`: its URL, without a slash at the end
    * `authority`: certificates in PEM that the server's must lead to, empty: those of the system
    * `certificate`, `key`: ours, in PEM
    * `authorization`: the header's value
    * `server_name`: the name in the server's certificate, where it is not that in the URL
    * `expires`: seconds since 1970
    """

    server: str
    authority: bytes = b""
    certificate: bytes = b""
    key: bytes = b""
    authorization: str = ""
    verify: bool = True
    server_name: str = ""
    expires: float = math.inf

    @property
    def connection(self) -> tuple[object, ...]:
        """All that a connection depends on; the header may change from request to request."""
        return self.server, self.authority, self.certificate, self.key, self.verify, self.server_name


class AccessSource(Protocol):
    """Where access comes from. `place` names it in the log and in metrics."""

    @property
    def place(self) -> str: ...

    async def load(self, *, refused: bool = False) -> Access:
        """Access as it is now; `refused`: the last one was not good enough. Raises AccessError."""
        ...


def bearer(token: str) -> str:
    """The header of a token, empty where there is none. Raises AccessError."""
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise AccessError("the token is no token: it holds spaces, or more than ASCII")
    return f"Bearer {token}" if token else ""


def basic(user: str, password: str) -> str:
    """The header of a name and a password (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def read(path: Path) -> bytes:
    """Raises AccessError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise AccessError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > MOST:
        raise AccessError(f"{path}: larger than {MOST} bytes")
    return data


def tls_context(access: Access) -> ssl.SSLContext:
    """Raises AccessError."""
    try:
        if access.authority and access.verify:
            # Between certificates there may be comments in any language.
            authority = access.authority.decode("ascii", "ignore")
            if not authority.strip():  # which would mean those of the system
                raise ValueError("the authority's is empty")
            context = ssl.create_default_context(cadata=authority)
        else:
            context = ssl.create_default_context()
        if not access.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if access.certificate:
            _load_pair(context, access.certificate, access.key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise AccessError(f"its certificates cannot be used: {error}") from error
    return context


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """The library reads it from files alone: from one that nobody else may read, and that is gone at once."""
    descriptor, name = tempfile.mkstemp(prefix="pydns-")
    try:
        with open(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(name, password="")  # one that wants a password fails, rather than ask the terminal
    finally:
        os.unlink(name)

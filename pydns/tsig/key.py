"""A secret that two servers share, and the name that they call it by."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import NamedTuple

from pydns import names
from pydns.tsig.algorithms import Algorithm, algorithm


class Key(NamedTuple):
    """`name` as in `pydns.names`."""

    name: bytes
    algorithm: Algorithm
    secret: bytes

    @classmethod
    def from_text(cls, name: str, secret: str, algorithm_: str = "hmac-sha256") -> Key:
        """From a name, a secret in base 64, and an algorithm's name. Raises ValueError, without the secret in it."""
        return cls(names.from_text(name), algorithm(algorithm_), secret_from_text(secret))

    def __repr__(self) -> str:
        """Without the secret, which might stand in a log then."""
        return f"Key({names.to_text(self.name)!r}, {self.algorithm.text!r})"


def secret_from_text(text: str) -> bytes:
    """The octets of a secret in base 64. Raises ValueError."""
    try:
        secret = b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the secret is no base 64") from None
    if not secret:
        raise ValueError("the secret is empty")
    return secret

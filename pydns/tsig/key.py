"""A secret that two servers share, and the name that they call it by."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import NamedTuple

from pydns import names
from pydns.tsig.algorithms import DEFAULT, TAKEN_UNNAMED, Algorithm, algorithm


class Key(NamedTuple):
    """`name` as in `pydns.names`.

    `is_unnamed`: nobody said the algorithm. It signs with that one, and is taken with others that the peer names.
    """

    name: bytes
    algorithm: Algorithm
    secret: bytes
    is_unnamed: bool = False

    @classmethod
    def from_text(cls, name: str, secret: str, algorithm_: str = "hmac-sha256") -> Key:
        """From a name, a secret in base 64, and an algorithm's name. Raises ValueError, without the secret in it."""
        return cls(names.from_text(name), algorithm(algorithm_), secret_from_text(secret))

    @classmethod
    def unnamed(cls, name: bytes, secret: bytes) -> Key:
        """One of which nobody said the algorithm."""
        return cls(name, DEFAULT, secret, is_unnamed=True)

    def taken_with(self, algorithm_: bytes) -> Key | None:
        """The key with the algorithm of that name in wire form; None where its signatures are not taken with it."""
        if algorithm_ in self.algorithm.lengths:
            return self
        named = TAKEN_UNNAMED.get(algorithm_) if self.is_unnamed else None
        return self._replace(algorithm=named) if named is not None else None

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

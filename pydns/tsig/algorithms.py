"""The algorithms of RFC 8945 section 6, and how many octets of their MACs a key takes."""

from __future__ import annotations

import difflib
from typing import Final, NamedTuple

from pydns import names

LEAST: Final = 10
"""Octets to which no MAC may be cut, nor to under half of its length (RFC 8945 section 5.2.2.1)."""

_LENGTHS: Final = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
_MD5: Final = "hmac-md5.sig-alg.reg.int"  # alone among them it has a name of several labels
_REGISTERED: Final = {"hmac-sha256-128": 16, "hmac-sha384-192": 24, "hmac-sha512-256": 32}
"""Cut by name: that is how RFC 8945 has them. Of all other lengths only the receiver's policy knows."""


class Algorithm(NamedTuple):
    """What a key signs with.

    * `text`: as people write it; `name`: as it stands in a message
    * `hash`: hashlib's name
    * `lengths`: octets of a whole MAC by the names under which it is taken; `least`: fewer are BADTRUNC
    """

    text: str
    name: bytes
    hash: str
    lengths: dict[bytes, int]
    least: int


def _algorithms() -> dict[str, Algorithm]:
    found: dict[str, Algorithm] = {}
    for hash_, length in _LENGTHS.items():
        text = f"hmac-{hash_}"
        name = names.from_text(_MD5 if hash_ == "md5" else text)
        found[text] = Algorithm(text, name, hash_, {name: length}, length)
    for text, length in _REGISTERED.items():
        whole = found[text.rpartition("-")[0]]
        name = names.from_text(text)
        # BIND means by the same words the whole algorithm's name and a MAC that is cut: taken too.
        found[text] = Algorithm(text, name, whole.hash, {name: length, **whole.lengths}, length)
    return found


ALGORITHMS: Final = _algorithms()
DEFAULT: Final = ALGORITHMS["hmac-sha256"]

TAKEN_UNNAMED: Final = {
    ALGORITHMS[text].name: ALGORITHMS[text]
    for text in ("hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
}
"""Those that a key of which nobody said the algorithm is taken with, by their names in messages: as in CoreDNS."""


def algorithm(text: str) -> Algorithm:
    """By its name, with or without a final dot; `hmac-sha256-160` cuts MACs to so many bits, as in BIND.

    Raises ValueError, which tells what there is.
    """
    word = text.lower().removesuffix(".")
    if word == _MD5:
        word = "hmac-md5"
    found = ALGORITHMS.get(word)
    if found is not None:
        return found
    base, _, bits = word.rpartition("-")
    whole = ALGORITHMS.get(base)
    if whole is None or base in _REGISTERED or not (bits.isascii() and bits.isdigit() and len(bits) < 5):
        close = difflib.get_close_matches(word, ALGORITHMS, n=1, cutoff=0.6)
        known = f"did you mean {close[0]}?" if close else f"one of: {', '.join(ALGORITHMS)}"
        raise ValueError(f"unknown algorithm {text!r} ({known})")
    low, high = max(LEAST, whole.least // 2) * 8, whole.least * 8
    if int(bits) % 8 or not low <= int(bits) <= high:
        raise ValueError(f"{base} cannot be cut to {bits} bits (a multiple of 8 between {low} and {high})")
    return whole._replace(text=word, least=int(bits) // 8)

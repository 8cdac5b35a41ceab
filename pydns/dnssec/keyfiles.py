"""Keys in BIND's two files: `Kexample.org.+013+45330.key` and `.private`."""

from __future__ import annotations

import os
import time
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from pathlib import Path
from typing import Final

from pydns.dnssec.algorithm import RSA, Algorithm, DnssecError, algorithm
from pydns.dnssec.key import SEP, ZONE, Key
from pydns.dnssec.private import RSA_FIELDS, Private, from_numbers, from_secret
from pydns.names import LOWER, NameSyntaxError, from_text, labels, to_text

MAX_LENGTH: Final = 65_536
"""Octets of one of the files; an RSA key of 4096 bits takes 4,000."""

_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
"""Octets of names that stand in the names of files as they are."""

SUFFIXES: Final = (".key", ".private")


class SigningKey(Key):
    """Both halves."""

    def __init__(self, name: bytes, flags: int, private: Private) -> None:
        super().__init__(name, flags, private.algorithm, private.public)
        self.private = private
        self.sign = private.sign

    def of(self, zone: bytes) -> SigningKey:
        """The same for another zone."""
        return SigningKey(zone, self.flags, self.private)


def base(path: Path) -> Path:
    """What both files' names begin with, for the name of either, or that itself."""
    return path.with_name(path.name.removesuffix(path.suffix)) if path.suffix in SUFFIXES else path


def files(path: Path) -> tuple[Path, Path]:
    """The public and the private one."""
    whole = base(path)
    return whole.with_name(whole.name + ".key"), whole.with_name(whole.name + ".private")


def read(path: Path) -> SigningKey:
    """The key of both files, named by either, or without `.key`. Raises DnssecError, which names the file."""
    public_path, private_path = files(path)
    public = read_public(public_path)
    try:
        private = parse_private(_text(private_path))
    except DnssecError as error:
        raise _at(private_path, error) from None
    if (private.algorithm, private.public) != (public.algorithm, public.public):
        raise DnssecError(f"{private_path}: is not the private half of {public_path.name}")
    return SigningKey(public.name, public.flags, private)


def read_public(path: Path) -> Key:
    """The key of a file that ends in `.key`. Raises DnssecError."""
    try:
        return parse_public(_text(path))
    except DnssecError as error:
        raise _at(path, error) from None


def _at(path: Path, error: DnssecError) -> DnssecError:
    return error if str(error).startswith(str(path)) else DnssecError(f"{path}: {error}")


def _text(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            octets = file.read(MAX_LENGTH + 1)
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) else error
        raise DnssecError(f"{path}: {text}; `pydns keys generate` makes keys") from None
    if len(octets) > MAX_LENGTH:
        raise DnssecError(f"{path}: too long for a key")
    return octets.decode("latin-1")


def parse_public(text: str) -> Key:
    """A DNSKEY record as a master file has it, in one line or in parentheses. Raises DnssecError."""
    words = [
        word for line in text.splitlines() for word in line.split(";")[0].replace("(", " ").replace(")", " ").split()
    ]
    upper = [word.upper() for word in words]
    if "DNSKEY" not in upper[1:5]:
        raise DnssecError("there is no DNSKEY record")
    at = upper.index("DNSKEY", 1)
    if any(word not in ("IN",) and not word.isdigit() for word in upper[1:at]) or len(words) < at + 5:
        raise DnssecError("the DNSKEY record is cut or has something else in it")
    flags, protocol, number = words[at + 1 : at + 4]
    if not all(word.isascii() and word.isdigit() and len(word) < 6 for word in (flags, protocol, number)):
        raise DnssecError("flags, protocol and algorithm must be numbers")
    if int(protocol) != 3 or int(flags) > 0xFFFF or not int(flags) & ZONE:
        raise DnssecError(f"a key with flags {flags} and protocol {protocol} signs no zone")
    try:
        return Key(from_text(words[0]), int(flags), algorithm(int(number)), _base64("".join(words[at + 4 :])))
    except NameSyntaxError as error:
        raise DnssecError(str(error)) from None


def parse_private(text: str) -> Private:
    """Raises DnssecError."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip()] = value.strip()
    if not fields.get("Private-key-format", "").startswith("v1."):
        raise DnssecError("is no private key of BIND's form v1")
    number = fields.get("Algorithm", "").split(" ")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 4):
        raise DnssecError("says no algorithm")
    kind = algorithm(int(number))
    wanted = RSA_FIELDS if kind in RSA else ("PrivateKey",)
    for field in wanted:
        if not fields.get(field):
            raise DnssecError(f"says no {field}")
    octets = {field: _base64(fields[field]) for field in wanted}
    if kind in RSA:
        return from_numbers(kind, {field: int.from_bytes(value) for field, value in octets.items()})
    return from_secret(kind, octets["PrivateKey"])


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise DnssecError("the key is no base64") from None


def name_of(key: Key) -> str:
    """What the names of its files begin with."""
    return f"{of_zone(key.name)}{key.algorithm:03d}+{key.tag:05d}"


def of_zone(zone: bytes) -> str:
    """What the names of the files of all keys of a zone begin with, as BIND makes them."""
    text = "".join(f"{_file_label(label)}." for label in labels(zone))
    return f"K{text or '.'}+"


def _file_label(label: bytes) -> str:
    return "".join(chr(octet) if octet in _PLAIN else f"%{octet:02X}" for octet in label.translate(LOWER))


def write(key: SigningKey, folder: Path, now: float | None = None) -> Path:
    """Writes both files, the private one for its owner alone; gives what their names begin with.

    A key that is there already is left alone: FileExistsError.
    """
    stem = folder / name_of(key)
    public_path, private_path = files(stem)
    created = time.strftime("%Y%m%d%H%M%S", time.gmtime(now))
    _create(private_path, private_text(key, created), 0o600)
    _create(public_path, public_text(key, created), 0o644)
    return stem


def _create(path: Path, text: str, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)


def record_text(key: Key) -> str:
    return f"{to_text(key.name)} IN DNSKEY {key.flags} 3 {key.algorithm:d} {b64encode(key.public).decode()}"


def public_text(key: Key, created: str) -> str:
    kind = "key" if key.flags & SEP else "zone"
    return (
        f"; This is a {kind}-signing key, keyid {key.tag}, for {to_text(key.name)}\n"
        f"; Created: {created}\n{record_text(key)}\n"
    )


def private_text(key: SigningKey, created: str) -> str:
    lines = ["Private-key-format: v1.3", f"Algorithm: {key.algorithm:d} ({Algorithm(key.algorithm).name})"]
    for field, value in key.private.numbers.items():
        octets = value.to_bytes(max(1, (value.bit_length() + 7) // 8))
        lines.append(f"{field}: {b64encode(octets).decode()}")
    if key.private.secret:
        lines.append(f"PrivateKey: {b64encode(key.private.secret).decode()}")
    lines += [f"{when}: {created}" for when in ("Created", "Publish", "Activate")]
    return "\n".join(lines) + "\n"

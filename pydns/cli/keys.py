"""Keys: make DNSSEC keys, show them, and what the parent zone must know of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydns.cli import arguments
from pydns.cli.output import plain, show
from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import RSA, Algorithm, DnssecError, algorithm_from_text
from pydns.dnssec.ds import Digest, ds, ds_text
from pydns.dnssec.key import SEP, ZONE, Key
from pydns.dnssec.private import generate
from pydns.names import NameSyntaxError, from_text, to_text

SUMMARY: Final = "make DNSSEC keys, show them, and what the parent zone must know of them"

_HELP: Final = """\
Keys stand in BIND's files, K<zone>+<algorithm>+<tag>.key and .private, which dnssec, sign
and BIND's own programs read. `generate` makes one key that signs everything; with --split
a key-signing key, which the parent points to, and a zone-signing key. `ds` prints the
records for the parent.

exit codes: 0 done; 1 a key cannot be read or made; 2 wrong usage

examples:
  pydns keys generate example.org
  pydns keys generate example.org --algorithm RSASHA256 --split --folder /etc/pydns/keys
  pydns keys list /etc/pydns/keys
  pydns keys ds Kexample.org.+013+45330 --digest SHA384
  pydns keys ds Kexample.org.+013+45330 --zone example.net
"""


def parser() -> argparse.ArgumentParser:
    found = arguments.make_parser("keys", SUMMARY, _HELP)
    verbs = found.add_subparsers(dest="verb", metavar="VERB", required=True)
    making = _verb(verbs, "generate", "make a key for a zone")
    making.add_argument("zone", metavar="ZONE", type=_zone, help="the zone's name")
    known = ", ".join(each.name for each in Algorithm)
    making.add_argument(
        "--algorithm",
        "-a",
        metavar="NAME",
        type=_algorithm,
        default=Algorithm.ECDSAP256SHA256,
        help=f"{known} (default: ECDSAP256SHA256)",
    )
    bits = arguments.number(2048, 4096)
    making.add_argument("--bits", "-b", metavar="N", type=bits, default=2048, help="of an RSA key (default: 2048)")
    kinds = making.add_mutually_exclusive_group()
    kinds.add_argument("--split", action="store_true", help="make a key-signing and a zone-signing key")
    kinds.add_argument("--zsk", action="store_true", help="make a zone-signing key alone")
    making.add_argument("--folder", "-K", metavar="DIR", type=Path, default=Path(), help="where (default: .)")
    listing = _verb(verbs, "list", "show the keys in folders, or of files")
    listing.add_argument("paths", metavar="DIR|KEY", nargs="*", type=Path, default=[Path()], help="default: .")
    parents = _verb(verbs, "ds", "print the DS records of keys, for the parent zone")
    parents.add_argument("paths", metavar="DIR|KEY", nargs="+", type=Path, help="key files, or folders of them")
    parents.add_argument(
        "--digest", "-d", choices=[each.name for each in Digest], default="SHA256", help="default: SHA256"
    )
    parents.add_argument(
        "--zone", "-z", metavar="ZONE", type=_zone, help="which the keys sign (default: the one that each was made for)"
    )
    return found


def run(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    if options.verb == "generate":
        return _generate(options)
    keys, faults = _keys(options.paths)
    show([plain(f"pydns: {fault}") for fault in faults], sys.stderr)
    if options.verb == "list":
        show([plain(_line(key, path)) for path, key in keys])
        return 1 if faults else 0
    for_zone = [key if options.zone is None else key.public_of(options.zone) for _, key in keys]
    show([plain(_ds_line(key, Digest[options.digest])) for key in _pointed(for_zone)])
    if not keys and not faults:
        show([plain("pydns: no keys there")], sys.stderr)
    return 0 if keys and not faults else 1


def _generate(options: argparse.Namespace) -> int:
    flags = [ZONE | SEP, ZONE] if options.split else [ZONE] if options.zsk else [ZONE | SEP]
    kind: Algorithm = options.algorithm
    for each in flags:
        # A tag that another key of the zone has is made by chance once in 65,536 times; that key stays.
        for _ in range(3):
            key = keyfiles.SigningKey(options.zone, each, generate(kind, options.bits if kind in RSA else 0))
            try:
                stem = keyfiles.write(key, options.folder)
                break
            except FileExistsError:
                continue
            except OSError as error:
                raise DnssecError(f"{options.folder}: {error.strerror}") from None
        else:
            raise DnssecError(f"{options.folder}: keys of all those tags are there already")
        show([plain(str(stem))])
        if key.is_sep:
            show([plain(f"for the parent zone: {_ds_line(key, Digest.SHA256)}")], sys.stderr)
    return 0


def _keys(paths: Sequence[Path]) -> tuple[Sequence[tuple[Path, Key]], Sequence[DnssecError]]:
    """Those of files, by any of their names, and all in folders; and what cannot be read."""
    found: list[tuple[Path, Key]] = []
    faults: list[DnssecError] = []
    for path in paths:
        for file in sorted(path.glob("K*.key")) if path.is_dir() else [keyfiles.files(path)[0]]:
            try:
                found.append((file, keyfiles.read_public(file)))
            except DnssecError as error:
                faults.append(error)
    return found, faults


def _pointed(keys: Sequence[Key]) -> Iterator[Key]:
    """Those that the parent points to: of each zone the key-signing keys, or else all."""
    split = {key.name for key in keys if key.is_sep}
    return (key for key in keys if key.is_sep or key.name not in split)


def _line(key: Key, file: Path) -> str:
    kind = "KSK or CSK" if key.is_sep else "ZSK"
    private = "" if keyfiles.files(file)[1].exists() else "  (no private half)"
    return f"{to_text(key.name)}  {key.algorithm.name}  {key.tag:5d}  {kind:<10}  {keyfiles.base(file)}{private}"


def _ds_line(key: Key, digest: Digest) -> str:
    return f"{to_text(key.name)} IN DS {ds_text(ds(key, digest))}"


def _verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)


def _zone(text: str) -> bytes:
    try:
        return from_text(text)
    except NameSyntaxError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _algorithm(text: str) -> Algorithm:
    try:
        return algorithm_from_text(text)
    except DnssecError as error:
        raise argparse.ArgumentTypeError(str(error)) from None

"""Signs a zone's file where that is due: read, sign, write beside it, rename. Runs in a process of its own."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import trio

from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import DnssecError
from pydns.dnssec.keyfiles import SigningKey
from pydns.dnssec.nsec3 import OPT_OUT, Parameters, label, read_parameters
from pydns.dnssec.rrsig import Lifetime
from pydns.errors import PydnsError
from pydns.names import to_text
from pydns.records import Type
from pydns.signing import files
from pydns.signing.signer import Signer, Terms
from pydns.zone.rrset import is_later
from pydns.zone.zone import Zone

HOUR: Final = 3600
DAY: Final = 24 * HOUR
BACKDATED: Final = 3 * HOUR
"""This and the next four are CoreDNS's."""
JITTER: Final = 18 * HOUR
"""Seconds at most by which a zone's signatures are older still, so that not all zones are signed at once."""
VALID: Final = 32 * DAY
AGE: Final = 6 * DAY
"""A zone is signed anew after so many seconds,"""
LEFT: Final = 14 * DAY
"""or so many before its signatures end."""
KEPT: Final = LEFT + AGE
"""A signature with less left is made anew when its zone is: with more it holds until after the next time."""

_NICENESS: Final = 10  # answering comes first where cores are few


class Job(NamedTuple):
    """`keys`: what their files' names begin with; `folder`: where keys of the zone are looked for, empty: nowhere."""

    db: str
    origin: str
    keys: tuple[str, ...]
    folder: str
    signed: str
    hashed: tuple[int, str] | None
    """Iterations and salt in hexadecimal, for NSEC3."""
    opt_out: bool = False
    """Whether NSEC3 leaves insecure delegations out."""


class Done(NamedTuple):
    """`why` it was signed, empty where that was not due; `next`: when it is due again, in seconds since 1970."""

    why: str
    next: float
    serial: int = 0
    tags: tuple[int, ...] = ()
    made: int = 0
    kept: int = 0
    files: tuple[str, ...] = ()
    """What the zone was read from."""


def perform(job: Job, now: float) -> Done:
    """Signs the zone where that is due. Raises PydnsError; then the signed file is as it was."""
    origin = bytes.fromhex(job.origin)
    keys = load_keys(job, origin)
    hashed = None if job.hashed is None else Parameters(job.hashed[0], bytes.fromhex(job.hashed[1]))
    zone, sources, digest = files.read(job.db, origin)
    try:
        old = files.read(job.signed, origin).zone if os.path.exists(job.signed) else None
        why = _why(job, old, keys, hashed, digest, now)
    except (OSError, PydnsError):
        old = None
        why = f"{job.signed} cannot be read"
    if not why and old is not None:
        return Done("", _next(old), old.serial, files=sources)
    serial = int(now) & 0xFFFF_FFFF
    if is_later(zone.serial, serial):
        serial = zone.serial  # secondaries may have the zone as it was before it was signed
    if old is not None and not is_later(serial, old.serial):
        serial = (old.serial + 1) & 0xFFFF_FFFF
    inception = int(now) - BACKDATED - random.randrange(JITTER)
    terms = Terms(keys, serial, inception, int(now) + VALID, int(now) + KEPT, hashed, job.opt_out)
    signer = Signer(zone, terms, old)
    try:
        files.write(job.signed, signer.lines(), digest)
    except ValueError as error:
        raise DnssecError(f"{to_text(origin)}: {error}") from None
    due = min(inception + AGE, int(now) + VALID - LEFT)
    return Done(why, due, serial, tuple(key.tag for key in keys), signer.made, signer.kept, sources)


def load_keys(job: Job, origin: bytes) -> list[SigningKey]:
    """Raises DnssecError."""
    paths = [Path(key) for key in job.keys]
    if job.folder:
        start = keyfiles.of_zone(origin).lower()  # the names are so, in whatever letters
        # By either half: signed without a key whose other half is lost, the zone might no longer be believed.
        halves = [each for suffix in keyfiles.SUFFIXES for each in Path(job.folder).glob(f"*{suffix}")]
        found = sorted({keyfiles.base(each) for each in halves if each.name.lower().startswith(start)})
        if not found:
            raise DnssecError(f"{job.folder}: no keys of {to_text(origin)}; `pydns keys generate` makes them")
        paths += found
    return list({key.rdata: key for key in (keyfiles.read(path).of(origin) for path in paths)}.values())


def _why(
    job: Job,
    old: Zone | None,
    keys: Sequence[SigningKey],
    hashed: Parameters | None,
    digest: str,
    now: float,
) -> str:
    """Why the zone must be signed; empty where it need not be. Raises OSError.

    That its file has changed is told by what it holds: it may have done so while it was signed, or have become what an
    older one was, with the time of that.
    """
    if old is None:
        return f"there is no {job.signed}"
    apex = old.rrset(old.origin, Type.RRSIG)
    lifetimes = _soa_signatures(old)
    if apex is None or not lifetimes:
        return f"{job.signed} is not signed"
    dnskey = old.rrset(old.origin, Type.DNSKEY)
    if dnskey is None or not {key.rdata for key in keys} <= set(dnskey.rdatas):
        return "the keys are others"
    if {Lifetime(rdata).tag for rdata in apex.rdatas} - {key.tag for key in keys}:
        return "the keys are others"
    if _denied_by(old) != (hashed, job.opt_out):
        return "names are to be denied otherwise"
    if files.made_from(job.signed) != digest:
        return f"{job.db} has changed"
    if max(each.inception for each in lifetimes) > now:
        return "the signatures begin in the future: the clock was ahead"
    if now - min(each.inception for each in lifetimes) > AGE:
        return "it was signed more than 6 days ago"
    if min(each.expiration for each in lifetimes) - now < LEFT:
        return "the signatures end in less than 14 days"
    return ""


def _denied_by(zone: Zone) -> tuple[Parameters | None, bool]:
    """NSEC3's parameters, None for NSEC, and whether it leaves insecure delegations out."""
    stated = zone.rrset(zone.origin, Type.NSEC3PARAM)
    hashed = None if stated is None else read_parameters(stated.rdatas[0])
    own = None if hashed is None else zone.rrset(label(hashed.hash(zone.origin)) + zone.origin, Type.NSEC3)
    return hashed, own is not None and bool(own.rdatas[0][1] & OPT_OUT)


def _soa_signatures(zone: Zone) -> list[Lifetime]:
    rrset = zone.rrset(zone.origin, Type.RRSIG)
    return [Lifetime(rdata) for rdata in (rrset.rdatas if rrset else ()) if rdata[:2] == b"\0\6"]


def _next(zone: Zone) -> float:
    lifetimes = _soa_signatures(zone)
    inception: int = min(each.inception for each in lifetimes)
    return min(inception + AGE, min(each.expiration for each in lifetimes) - LEFT)


def from_text(text: str) -> Job:
    fields: list[Any] = json.loads(text)
    db, origin, keys, folder, signed, hashed, opt_out = fields
    return Job(db, origin, tuple(keys), folder, signed, None if hashed is None else (hashed[0], hashed[1]), opt_out)


def done_from_text(text: str) -> Done:
    """Raises DnssecError where the job could not be done."""
    fields: Any = json.loads(text)
    if isinstance(fields, str):
        raise DnssecError(fields)
    why, due, serial, tags, made, kept, sources = fields
    return Done(why, due, serial, tuple(tags), made, kept, tuple(sources))


def main() -> None:
    """The process of its own: a job comes by standard input, what was done or the error goes by standard output."""
    os.nice(_NICENESS)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it gives way as soon as another process wakes
    try:
        print(json.dumps(perform(from_text(sys.stdin.read()), time.time())))
    except PydnsError as error:
        print(json.dumps(str(error)))


async def perform_apart(job: Job) -> Done:
    """`perform` in another process, which is ended where we are cancelled. Raises DnssecError."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = await trio.run_process(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            env=environment,
            stdin=json.dumps(job).encode(),
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )
    except OSError as error:
        raise DnssecError(f"no process can be started: {error.strerror or error}") from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise DnssecError(f"exit status {done.returncode}: {lines[-1] if lines else 'no message'}")
    return done_from_text(done.stdout.decode())

"""Does what an UPDATE message says, and tells how that went."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import trio

from pydns.errors import WireError
from pydns.names import to_text
from pydns.records import Ede, Rcode
from pydns.steps import in_slices
from pydns.tsig.record import split
from pydns.update.errors import UpdateError
from pydns.update.grants import of_key
from pydns.update.message import read_update

if TYPE_CHECKING:
    from pydns.update.updated import Updated

log = logging.getLogger("pydns.update")

PATIENCE: Final = 3.0
"""Seconds that an update waits where none are taken just now."""


class Outcome(NamedTuple):
    """An rcode, and where that is none of success an extended DNS error with its text."""

    rcode: int
    code: int = 0
    text: str = ""


async def perform(updated: Updated, wire: bytes, key: bytes, host: str) -> Outcome:
    """In the process that takes the updates. The message is signed by `key`, which was checked; `host` sent it."""
    try:
        signed = split(wire)
    except WireError as error:
        return Outcome(Rcode.FORMERR, Ede.OTHER, error.reason)
    do = partial(_perform, updated, wire, key, host)
    return await do() if signed is None else await updated.once.outcome(signed[1], do)


async def _perform(updated: Updated, wire: bytes, key: bytes, host: str) -> Outcome:
    origin = updated.held.origin
    try:
        grants = of_key(updated.grants, key)
        if not grants:
            raise UpdateError(Rcode.REFUSED, f"key {to_text(key)} may not update {to_text(origin)}", Ede.PROHIBITED)
        update = await in_slices(read_update(wire, origin))
        with trio.move_on_after(PATIENCE):
            await updated.takes.wait()
        if not updated.takes.is_set():
            raise UpdateError(Rcode.SERVFAIL, f"{to_text(origin)} takes no updates now", Ede.NOT_READY)
        delta = await updated.committing.update(update, grants)
    except UpdateError as error:
        return Outcome(error.rcode, error.code, error.text)
    if delta is not None:
        counts = len(delta.added), len(delta.removed), delta.new_serial
        log.info("%s: key %s from %s: +%d -%d, serial %d", to_text(origin), to_text(key), host, *counts)
    return Outcome(Rcode.NOERROR)

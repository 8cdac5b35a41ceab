"""Sign zone files, and sign them anew in time."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns import names
from pydns.dnssec import keyfiles
from pydns.dnssec.algorithm import DnssecError
from pydns.plugin import AtOnce
from pydns.signing.examination import examine
from pydns.signing.job import Done, Job, perform_apart
from pydns.zone import inspection
from pydns.zone.master.reading import Fault
from pydns_plugins.sign.options import Options, read_options

if TYPE_CHECKING:
    from pydns.corefile.tree import Directive, ServerBlock

log = logging.getLogger("pydns.sign")

CHECK: Final = 5 * 3600.0
"""Seconds after which a zone is looked at, whatever is due. CoreDNS's."""

RETRY: Final = 300.0
"""The same where it could not be signed."""


class Sign(AtOnce):
    """All sign directives of one server block."""

    name: ClassVar[str] = "sign"
    opcodes: ClassVar[frozenset[int]] = frozenset()
    single: ClassVar[bool] = True

    def __init__(self, options: Sequence[Options]) -> None:
        self.options = tuple(options)
        # One after the other: each process takes a core for seconds.
        self._turn = trio.CapacityLimiter(1)

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(directives, block)),)

    def examine(self) -> Sequence[Fault]:
        found: list[Fault] = []
        for options in self.options:
            found += examine(options.keys, options.zones)
            for zone in options.zones:
                found += inspection.examine(str(options.db), zone)
        return found

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            for options in self.options:
                for zone in options.zones:
                    nursery.start_soon(self._keep_signed, options, zone)

    async def _keep_signed(self, options: Options, zone: bytes) -> None:
        files: Sequence[str] = (str(options.db),)
        failed = False
        while True:
            with self.house.files.follow([*files, *_keys(options, zone)]) as following:
                done = await self._sign(options, zone)
                if failed and done is not None and not done.why:
                    log.info("%s is signed as it should be again", names.to_text(zone))
                failed = done is None
                if done is not None and done.files and set(done.files) != set(files):
                    files = done.files  # it includes others than before
                    continue
                pause = RETRY if done is None else min(max(done.next - time.time(), 1.0), CHECK)
                with trio.move_on_after(pause):
                    await following.changed()

    async def _sign(self, options: Options, zone: bytes) -> Done | None:
        """What was done; None where it failed, which is told."""
        metrics = self.house.metrics
        text = names.to_text(zone)
        job = Job(
            str(options.db),
            zone.hex(),
            tuple(map(str, options.keys)),
            "" if options.key_folder is None else str(options.key_folder),
            str(options.signed(zone)),
            None if options.hashed is None else (options.hashed[0], options.hashed[1].hex()),
            options.opt_out,
        )
        async with self._turn:
            began = trio.current_time()
            try:
                done = await perform_apart(job)
            except DnssecError as error:
                log.error("%s is not signed: %s", text, error)
                metrics.counter("pydns_sign_failures_total", "Times that a zone could not be signed.", "zone").add(text)
                return None
        due = "When a zone is to be signed again."
        metrics.gauge("pydns_sign_next_timestamp_seconds", due, "zone", merge="sum").set(text, to=done.next)
        if done.why:
            metrics.counter("pydns_sign_total", "Times that a zone was signed.", "zone").add(text)
            log.info(
                "%s is signed (%s): serial %d, keys %s, %d signatures made and %d kept, in %.1f s",
                text,
                done.why,
                done.serial,
                ", ".join(map(str, done.tags)),
                done.made,
                done.kept,
                trio.current_time() - began,
            )
        return done


def _keys(options: Options, zone: bytes) -> list[Path]:
    """The files of keys, which are followed too."""
    found = [path for key in options.keys for path in keyfiles.files(key)]
    if options.key_folder is not None:
        found.append(options.key_folder / f"{keyfiles.of_zone(zone)}*")
    return found

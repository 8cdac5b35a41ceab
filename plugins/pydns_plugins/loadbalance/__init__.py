"""Spread clients over addresses: each answer gives them in another order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self

import trio

from pydns.packed import Passage
from pydns.plugin import AtOnce
from pydns.query import Query
from pydns.records import Rcode, Type
from pydns.reply import Reply
from pydns.watch import POLL, read_whole
from pydns_plugins.loadbalance.options import Options, read_options
from pydns_plugins.loadbalance.ordering import ordered
from pydns_plugins.loadbalance.policy import Policy, Preferring, RoundRobin, Weighted
from pydns_plugins.loadbalance.weights import Reader, WeightError

if TYPE_CHECKING:
    from pathlib import Path

    from pydns.corefile.tree import Directive, ServerBlock
    from pydns.relay import Relay

log = logging.getLogger("pydns.loadbalance")

MOST_OCTETS: Final = 1 << 24
"""Octets of a weight file at most."""

_TRANSFERS: Final = frozenset((Type.AXFR, Type.IXFR))
_SLICE: Final = 200  # lines that are read before others have their turn: less than a millisecond


class Loadbalance(AtOnce):
    """The loadbalance directives of one server block."""

    name: ClassVar[str] = "loadbalance"

    def __init__(self, options: Options) -> None:
        self.options = options
        self._weighted = Weighted()
        policy: Policy = RoundRobin() if options.weights is None else self._weighted
        self._policy = Preferring(policy, options.prefer) if options.prefer else policy

    @classmethod
    def parse(cls, directives: Sequence[Directive], block: ServerBlock) -> Sequence[Self]:
        return (cls(read_options(directives, block)),)

    def amend(self, query: Query, reply: Reply) -> Reply:
        if reply.rcode != Rcode.NOERROR or reply.dropped or query.type in _TRANSFERS:
            return reply
        asked = self._policy.asked
        return ordered(reply, self._policy) if asked is None or query.type in asked else reply

    def passage(self) -> Passage:
        """One record has no order."""
        return Passage(records=1)

    def relay(self, below: Relay | None) -> Relay | None:
        return below if below is None else below._replace(records=1)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        path, reload = self.options.weights, self.options.reload
        if path is None:
            task_status.started()
            return
        with self.house.files.follow([path], every=POLL if reload is None else reload) as files:
            await self._load(path)
            task_status.started()
            while reload != 0:
                await files.changed()
                await self._load(path)

    async def _load(self, path: Path) -> None:
        """Takes the weights of the file; where it cannot be read, those of before stay."""
        reader = Reader()
        try:
            text = (await read_whole(path, MOST_OCTETS)).decode("utf-8", "replace")
            for i, line in enumerate(text.split("\n")):
                if i % _SLICE == 0:
                    await trio.lowlevel.checkpoint()
                reader.read(line)
        except (OSError, WeightError) as error:
            kept = "its last weights stay" if self._weighted.weights else "all weights are 1"
            reason = (error.strerror or error) if isinstance(error, OSError) else error
            log.warning("%s: %s; %s", path, reason, kept)
        else:
            self._weighted.weights = reader.weights
            log.info("%s: weights for %d names", path, len(reader.weights))

    def inherit(self, old: Self) -> None:
        """The weights of before count until the file was looked at."""
        self._weighted.weights = old._weighted.weights

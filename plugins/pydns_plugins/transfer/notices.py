"""Who is told of which zones: at the start, and each time that one has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from pydns.names import to_text
from pydns.tsig.ring import await_key, find_key
from pydns_plugins.transfer.agreement import Agreement
from pydns_plugins.transfer.notify import Outcome, tell

if TYPE_CHECKING:
    from pydns.tsig.key import Key
    from pydns.upstream.endpoint import Endpoint
    from pydns.zone.holder import Held
    from pydns_plugins.transfer import Transfer
    from pydns_plugins.transfer.options import Rule, To

log = logging.getLogger("pydns.transfer")

LOOK: Final = 1.0
"""Seconds between two looks at which zones there are. Changes of those that are known are heard at once."""

AT_ONCE: Final = 16
"""Zones that one secondary is told of at once."""

PAUSE: Final = 0.5
"""Seconds between two notices of one zone to one secondary."""

KEY_PATIENCE: Final = 10.0
"""Seconds for which a missing key is awaited: at the start and after a reload its file may be yet to be read."""


class Notices:
    """Those of one transfer plugin, while `run` does."""

    def __init__(self, plugin: Transfer) -> None:
        self._plugin = plugin
        self._hearing: dict[Held, Callable[[], None]] = {}
        self._told: dict[tuple[Endpoint, bytes], int] = {}  # the serial that was accepted last
        self._tellers: dict[tuple[Endpoint, bytes | None, str | None], Teller] = {}

    def inherit(self, old: Notices) -> None:
        self._told = old._told

    async def run(self) -> None:
        plugin = self._plugin
        rules = list({id(rule): rule for rule in plugin.rules.values()}.values())
        for rule in rules:
            for to in rule.to:
                for endpoint in to.endpoints:
                    teller = Teller(endpoint, to, rule.source, plugin, self._told)
                    self._tellers.setdefault((endpoint, to.key, rule.source), teller)
        agreement = Agreement(plugin.house.family, self._tell)
        try:
            with agreement.hearing():
                async with trio.open_nursery() as nursery:
                    for teller in self._tellers.values():
                        nursery.start_soon(teller.run)
                    self._look(agreement)
                    await trio.sleep(LOOK)
                    self._warn(rules)  # by now files of keys are read
                    while self._tellers:
                        self._look(agreement)
                        await trio.sleep(LOOK)
        finally:
            for held, listener in self._hearing.items():
                held.listeners.remove(listener)
            self._hearing.clear()

    def _warn(self, rules: list[Rule]) -> None:
        for to in (to for rule in rules for to in rule.to):
            if to.key is not None and to.word is not None and find_key(self._plugin, to.key) is None:
                log.warning("%s: no tsig here knows the key %s: nobody transfers with it", to.word.position, to.word)

    def _look(self, agreement: Agreement) -> None:
        """Listens to zones that came, and no more to those that went."""
        now = dict.fromkeys(self._plugin.held())
        went = [held for held in self._hearing if held not in now]
        for held in went:
            held.listeners.remove(self._hearing.pop(held))
        for origin in {held.origin for held in went} - {held.origin for held in now if went}:
            for teller in self._tellers.values():
                teller.forget(origin)
        for held in now:
            if held not in self._hearing:
                listener = partial(agreement.published, held)
                held.listeners.append(listener)
                self._hearing[held] = listener
                listener()
        agreement.look()

    def _tell(self, held: Held) -> None:
        rule = self._plugin.rule_of(held.origin)
        if rule is None or held.zone is None:
            return
        for to in rule.to:
            for endpoint in to.endpoints:
                self._tellers[endpoint, to.key, rule.source].tell(held)


class Teller:
    """Tells one secondary."""

    def __init__(
        self,
        endpoint: Endpoint,
        to: To,
        source: str | None,
        plugin: Transfer,
        told: dict[tuple[Endpoint, bytes], int],
    ) -> None:
        self._endpoint = endpoint
        self._key = to.key
        self._source = source
        self._plugin = plugin
        self._told = told
        self._due: dict[bytes, Held] = {}
        self._under_way: dict[bytes, trio.CancelScope] = {}
        self._news = trio.Event()

    def tell(self, held: Held) -> None:
        """Soon; a notice of an older version that is under way ends."""
        if held.zone is None or self._told.get((self._endpoint, held.origin)) == held.zone.serial:
            return
        scope = self._under_way.get(held.origin)
        if scope is not None:
            scope.cancel()
        self._due[held.origin] = held
        self._news.set()

    def forget(self, origin: bytes) -> None:
        """The zone is not there any more; should it come back, it is new to the secondary."""
        self._told.pop((self._endpoint, origin), None)

    async def run(self) -> None:
        slots = trio.Semaphore(AT_ONCE)
        async with trio.open_nursery() as nursery:
            while True:
                origin = next((each for each in self._due if each not in self._under_way), None)
                if origin is None:
                    self._news = trio.Event()
                    await self._news.wait()
                    continue
                await slots.acquire()
                held = self._due.pop(origin)
                self._under_way[origin] = trio.CancelScope()
                nursery.start_soon(self._tell, held, slots)

    async def _tell(self, held: Held, slots: trio.Semaphore) -> None:
        try:
            with self._under_way[held.origin]:
                await self._tell_once(held)
            await trio.sleep(PAUSE)
        finally:
            del self._under_way[held.origin]
            slots.release()
            self._news.set()

    async def _tell_once(self, held: Held) -> None:
        zone = held.zone
        if zone is None:
            return
        key: Key | None = None
        if self._key is not None:
            with trio.move_on_after(KEY_PATIENCE):
                key = await await_key(self._plugin, self._key)
            if key is None:
                self._done(held, zone.serial, Outcome("unsigned", f"no key {to_text(self._key)}"))
                return
        self._done(held, zone.serial, await tell(zone, self._endpoint, key, self._source))

    def _done(self, held: Held, serial: int, outcome: Outcome) -> None:
        text = "Notices of changed zones to secondaries (RFC 1996), by how they were taken."
        metrics = self._plugin.house.metrics
        metrics.counter("pydns_transfer_notices_total", text, "to", "outcome").add(str(self._endpoint), outcome.word)
        origin = to_text(held.origin)
        if outcome.word == "accepted":
            self._told[self._endpoint, held.origin] = serial
            log.info("%s was told of %s %d", self._endpoint, origin, serial)
        else:
            log.warning("%s could not be told of %s %d: %s", self._endpoint, origin, serial, outcome.why)

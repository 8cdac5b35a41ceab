"""The cache against a simple reference: whatever is asked, changed and waited for, in any order.

The reference is a list of all that the chain ever said, with the time and the number of changes at which it said so.
An answer of the cache is right where the chain said it, not too long ago, and nothing has changed it since.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pydns.changes import Changes
from pydns.records import Rcode, Record, Type
from pydns.reply import Reply
from pydns_plugins.cache.counts import ServerCounts
from pydns_plugins.cache.flights import End
from pydns_plugins.cache.keeper import Keeper
from pydns_plugins.cache.options import Limits, Options, Stale

NAMES = st.sampled_from([b"\1a\0", b"\1b\0", b"\1x\1a\0"])
TTLS = st.sampled_from([0, 1, 7, 30, 4000])
CAPACITY, OCTETS, WINDOW, FAILURE = 2, 200_000, 20.0, 3.0
SUCCESS, DENIAL = Limits(CAPACITY, 60, 5), Limits(CAPACITY, 40, 2)


class KeeperModel(RuleBasedStateMachine):
    """`said` is by name: the number, kind, time and end of the last answer that was kept."""

    @initialize(stale=st.booleans())
    def begin(self, stale: bool) -> None:
        options = Options((b"\0",), SUCCESS, DENIAL, OCTETS, stale=Stale(WINDOW) if stale else None, failure=FAILURE)
        self.window = WINDOW if stale else 0.0
        self.keeper = Keeper(options, ServerCounts("."))
        self.changes = Changes()
        self.now = 0.0
        self.number = 0
        self.said: dict[bytes, tuple[int, str, float]] = {}

    def _key(self, name: bytes) -> Any:
        return name, 1, 1, 0, ()

    def _keep(self, name: bytes, reply: Reply, epoch: int | None = None) -> End:
        at = self.changes.epoch if epoch is None else epoch
        query: Any = SimpleNamespace(name=name, type=1, class_=1, personal=False, asked_within=(), epoch=at, server="")
        query.origin = query
        return self.keeper.keep(self._key(name), query, reply, self.now, self.changes)[0]

    def _usable(self, name: bytes) -> bool:
        """A success or denial stands, fresh or stale, that was not evicted (which is the store's own test)."""
        kind, end = self.said[name][1:] if name in self.said else ("", 0.0)
        there = {*self.keeper.success, *self.keeper.denial}
        return kind in ("success", "denial") and self.now < end + self.window and self._key(name) in there

    @rule(name=NAMES, ttl=TTLS)
    def success(self, name: bytes, ttl: int) -> None:
        self.number += 1
        assert self._keep(name, Reply((Record(name, Type.A, 1, ttl, self.number.to_bytes(4)),))) is End.ANSWERED
        self.said[name] = self.number, "success", self.now + min(max(ttl, 5), 60)

    @rule(name=NAMES, ttl=TTLS, minimum=TTLS)
    def denial(self, name: bytes, ttl: int, minimum: int) -> None:
        self.number += 1
        soa = Record(b"\0", Type.SOA, 1, ttl, b"\0\0" + self.number.to_bytes(4) + bytes(12) + minimum.to_bytes(4))
        assert self._keep(name, Reply((), (soa,), rcode=Rcode.NXDOMAIN)) is End.ANSWERED
        self.said[name] = self.number, "denial", self.now + min(max(min(ttl, minimum), 2), 40)

    @rule(name=NAMES)
    def failure(self, name: bytes) -> None:
        usable = self._usable(name)
        assert self._keep(name, Reply(rcode=Rcode.SERVFAIL)) is End.FAILED
        if not usable:
            self.said[name] = 0, "failure", self.now + FAILURE

    @rule(name=NAMES)
    def denial_without_soa(self, name: bytes) -> None:
        assert self._keep(name, Reply(rcode=Rcode.NXDOMAIN)) is End.ANSWERED
        self.said.pop(name, None)

    @rule(name=NAMES, changed=NAMES)
    def answer_of_before_a_change(self, name: bytes, changed: bytes) -> None:
        began = self.changes.epoch
        self.change(changed)
        end = self._keep(name, Reply((Record(name, Type.A, 1, 30, b"late"),)), began)
        if self._concerns(changed, name):
            assert end is End.ABANDONED
        else:
            assert end is End.ANSWERED
            self.said[name] = int.from_bytes(b"late"), "success", self.now + 30

    def _concerns(self, changed: bytes, name: bytes) -> bool:
        return changed.endswith(name) or name.endswith(changed)  # enough for these names

    @rule(changed=NAMES)
    def change(self, changed: bytes) -> None:
        self.changes.names([changed])
        self.said = {name: what for name, what in self.said.items() if not self._concerns(changed, name)}

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 10.0, 25.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=NAMES)
    def find(self, name: bytes) -> None:
        entry = self.keeper.find(self._key(name), self.now, self.changes, self.keeper.counts[""])
        if entry is None:
            return  # it may have been evicted; `the_newest_is_there` looks at that
        number, kind, end = self.said[name]
        assert entry.kind.name.lower() == kind
        assert entry.end == end
        assert self.now < end + (self.window if kind != "failure" else 0.0)
        if self.now < end:
            wire = entry.fresh(self.now, self.keeper.counts[""], False).wire
            assert wire is not None
            assert kind == "failure" or number.to_bytes(4) in wire

    @rule(name=NAMES, ttl=st.sampled_from([7, 30]))
    def the_newest_is_there(self, name: bytes, ttl: int) -> None:
        self.success(name, ttl)
        entry = self.keeper.find(self._key(name), self.now, self.changes, self.keeper.counts[""])
        assert entry is not None
        assert entry.stored == self.now

    @invariant()
    def is_within_its_bounds(self) -> None:
        keeper = getattr(self, "keeper", None)
        if keeper is not None:
            for store in (keeper.success, keeper.denial):
                assert len(store) <= CAPACITY
                assert store.bytes == sum(store.get(key).size for key in store) <= OCTETS
            assert not set(keeper.success) & set(keeper.denial)


KeeperModel.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestKeeper = KeeperModel.TestCase

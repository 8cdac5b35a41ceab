"""The bounded table, against a plain list."""

from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pydns_plugins.cache.store import Store

CAPACITY, OCTETS = 4, 100
KEYS = st.integers(0, 7)
SERVERS = ("dns://127.0.0.1:53", "dns://[::1]:53")


class StoreModel(RuleBasedStateMachine):
    """The list holds (key, size), the least recently used first."""

    def __init__(self) -> None:
        super().__init__()
        self.store: Any = Store(CAPACITY, OCTETS)
        self.model: list[tuple[int, int]] = []

    def _without(self, key: int) -> list[tuple[int, int]]:
        return [pair for pair in self.model if pair[0] != key]

    @rule(key=KEYS, size=st.integers(1, 120))
    def put(self, key: int, size: int) -> None:
        evicted = self.store.put(key, SimpleNamespace(size=size, server=SERVERS[size % 2]))
        self.model = self._without(key)
        before = len(self.model)
        if size <= OCTETS:
            while len(self.model) >= CAPACITY or sum(s for _, s in self.model) + size > OCTETS:
                self.model.pop(0)
            assert evicted == before - len(self.model)
            self.model.append((key, size))
        else:
            assert evicted == 0

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        self.store.remove(key)
        self.model = self._without(key)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def use(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.model))
        self.store.used(pair[0])
        self.model = [*self._without(pair[0]), pair]

    @invariant()
    def is_the_same(self) -> None:
        assert list(self.store) == [key for key, _ in self.model]
        assert len(self.store) == len(self.model) <= CAPACITY
        assert self.store.bytes == sum(size for _, size in self.model) <= OCTETS
        for i, server in enumerate(SERVERS):
            sizes = [size for _, size in self.model if size % 2 == i]
            assert self.store.held.get(server, (0, 0)) == (len(sizes), sum(sizes))
        for key, size in self.model:
            assert self.store.get(key).size == size


TestStore = StoreModel.TestCase


def test_a_store_of_no_entries_keeps_none():
    store: Any = Store(0, OCTETS)
    assert store.put(1, SimpleNamespace(size=1, server="")) == 0
    assert len(store) == store.bytes == 0

"""The order in which the records of one RRset are given: it is chosen anew for each answer."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Protocol

from pydns.records import Type

Network = IPv4Network | IPv6Network
Weights = Mapping[bytes, Mapping[bytes, int]]
"""For each name the weight of packed addresses."""

ADDRESSES: Final = frozenset((Type.A, Type.AAAA))
SHUFFLED: Final = ADDRESSES | {Type.MX}
_ALL_TYPES: Final = None
_WEIGHTED: Final = frozenset((Type.A, Type.AAAA, Type.SRV))


class Policy(Protocol):
    """`types`: of the RRsets that it orders. `asked`: of the queries whose answers it looks at, None for all.

    `in_turn`: a few of its orders, given one after the other, are as good as a new one each time.
    """

    types: frozenset[int]
    asked: frozenset[int] | None
    in_turn: bool

    def order(self, owner: bytes, rdata: Sequence[bytes]) -> list[int]:
        """The indexes of two or more records in the order that they shall have."""
        ...


class RoundRobin(Policy):
    """Any order is as likely as any other."""

    types = SHUFFLED
    asked = _ALL_TYPES
    in_turn = True

    def order(self, owner: bytes, rdata: Sequence[bytes]) -> list[int]:
        if len(rdata) == 2:
            return [1, 0] if random.random() < 0.5 else [0, 1]
        return random.sample(range(len(rdata)), len(rdata))


class Weighted(Policy):
    """The first is chosen by weight, and changes places with whoever stood there; the others stay.

    An address without a weight has 1.
    """

    types = ADDRESSES
    asked = _WEIGHTED
    in_turn = False

    def __init__(self) -> None:
        self.weights: Weights = {}

    def order(self, owner: bytes, rdata: Sequence[bytes]) -> list[int]:
        order = list(range(len(rdata)))
        known = self.weights.get(owner)
        (first,) = random.choices(order, [known.get(each, 1) for each in rdata] if known else None)
        order[0], order[first] = first, 0
        return order


class Preferring(Policy):
    """Another policy's order, but addresses of the preferred networks first: of the first network, then of the next."""

    def __init__(self, policy: Policy, networks: Sequence[Network]) -> None:
        self.types = policy.types
        self.asked = policy.asked
        self.in_turn = policy.in_turn
        self._policy = policy
        # Prefix and shift of each network, by the octets of its addresses.
        self._networks: dict[int, list[tuple[int, int, int]]] = {4: [], 16: []}
        for rank, network in enumerate(networks):
            shift = network.max_prefixlen - network.prefixlen
            packed = network.network_address.packed
            self._networks[len(packed)].append((int.from_bytes(packed) >> shift, shift, rank))
        self._last = len(networks)

    def order(self, owner: bytes, rdata: Sequence[bytes]) -> list[int]:
        ranks = [self.rank(each) for each in rdata]
        return sorted(self._policy.order(owner, rdata), key=ranks.__getitem__)

    def rank(self, rdata: bytes) -> int:
        number = int.from_bytes(rdata)
        for prefix, shift, rank in self._networks.get(len(rdata), ()):
            if number >> shift == prefix:
                return rank
        return self._last

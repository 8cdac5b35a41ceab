"""What a list of policies says about an address: the first that holds it counts, found without a look at each."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple

Network = IPv4Network | IPv6Network

BITS: Final = {4: 32, 6: 128}


class Action(Enum):
    """What to do with a query."""

    ALLOW = "allow"
    BLOCK = "block"
    FILTER = "filter"
    DROP = "drop"


class Policy(NamedTuple):
    """A line of a rule. `types` None are all types, `networks` None all addresses."""

    action: Action
    types: frozenset[int] | None = None
    networks: tuple[Network, ...] | None = None


class Address(NamedTuple):
    """An IP address as a number. IPv4 that came mapped into IPv6 is IPv4."""

    version: int
    number: int

    @classmethod
    def of(cls, host: str) -> Address | None:
        """From text, which may end in a `%zone`; None where it is no address."""
        try:
            return cls(4, int.from_bytes(socket.inet_pton(socket.AF_INET, host)))
        except (OSError, ValueError):  # ValueError: a NUL, or half a surrogate pair
            pass
        try:
            packed = socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
        except (OSError, ValueError):
            return None
        if packed.startswith(bytes(10) + b"\xff\xff"):
            return cls(4, int.from_bytes(packed[12:]))
        return cls(6, int.from_bytes(packed))


class Table:
    """The policies that one type of query meets, by address.

    `always` is the action for all who ask where `is_fixed`, else for those in none of the networks; None where the
    policies say nothing. Networks stand in a dictionary for each length of prefix, so an address costs one look-up for
    each length that occurs, however many networks there are.
    """

    __slots__ = ("_actions", "_networks", "always", "is_fixed")

    def __init__(self, policies: Sequence[Policy]) -> None:
        end = next((i for i, policy in enumerate(policies) if policy.networks is None), len(policies))
        self.always = policies[end].action if end < len(policies) else None
        # What stands just ahead of a line for everybody, and says the same, adds nothing.
        while end and policies[end - 1].action is self.always:
            end -= 1
        self.is_fixed = not end
        self._actions = tuple(policy.action for policy in policies[:end])
        found: dict[int, dict[int, dict[int, int]]] = {4: {}, 6: {}}
        for i, policy in enumerate(policies[:end]):
            for network in policy.networks or ():
                shift = BITS[network.version] - network.prefixlen
                by_number = found[network.version].setdefault(shift, {})
                by_number.setdefault(int(network.network_address) >> shift, i)
        self._networks = {version: tuple(lengths.items()) for version, lengths in found.items()}

    def action(self, address: Address) -> Action | None:
        first = end = len(self._actions)
        number = address.number
        for shift, by_number in self._networks[address.version]:
            i = by_number.get(number >> shift)
            if i is not None and i < first:
                first = i
        return self._actions[first] if first < end else self.always

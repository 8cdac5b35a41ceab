"""One acl directive: its zones, and what it says about a query."""

from __future__ import annotations

from collections.abc import Sequence

from pydns import names
from pydns_plugins.acl.table import Action, Policy, Table


class Rule:
    """Policies for the names of some zones, made ready for each type of query."""

    def __init__(self, zones: Sequence[bytes], policies: Sequence[Policy]) -> None:
        self.zones = frozenset(zones)
        self.policies = tuple(policies)
        self._every_name = names.ROOT in self.zones
        named = {type_ for policy in policies for type_ in policy.types or ()}
        self._by_type = {type_: _table_for(type_, policies) for type_ in named}
        self._others = Table([policy for policy in policies if policy.types is None])

    def table(self, name: bytes, type_: int) -> Table | None:
        """What to ask for the client's address; None where the name is in none of the zones."""
        if self._every_name or names.longest_match(name, self.zones) is not None:
            return self._by_type.get(type_, self._others)
        return None

    def zone_of(self, name: bytes) -> bytes:
        """The longest zone that holds a name which is in one."""
        return names.longest_match(name, self.zones) or names.ROOT

    @property
    def allows_some(self) -> bool:
        """True where a query may get past all rules behind this one."""
        return any(policy.action is Action.ALLOW for policy in self.policies)

    @property
    def passes_none(self) -> bool:
        """True where no query of its names goes on."""
        tables = (*self._by_type.values(), self._others)
        return not self.allows_some and all(table.always is not None for table in tables)


def _table_for(type_: int, policies: Sequence[Policy]) -> Table:
    return Table([policy for policy in policies if policy.types is None or type_ in policy.types])

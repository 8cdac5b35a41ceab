"""Who may change what: a key, names, types. BIND's update-policy as people use it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from pydns.names import is_within, to_text
from pydns.records import Class, Ede, Rcode, Record, Type, type_text
from pydns.update.errors import UpdateError
from pydns.zone.zone import Zone

_ANY, _ANY_CLASS, _IN = int(Type.ANY), int(Class.ANY), int(Class.IN)
_STEP: Final = 50  # changes that are looked at in one step
_APEX: Final = frozenset((int(Type.SOA), int(Type.NS)))

KEPT_BACK: Final = frozenset(map(int, (Type.SOA, Type.NS, Type.RRSIG, Type.NSEC, Type.NSEC3)))
"""Types that a grant with a rule does not give unless it names them, as in BIND."""

SIGNERS: Final = frozenset(map(int, (Type.RRSIG, Type.NSEC, Type.NSEC3, Type.NSEC3PARAM)))
"""Types that only who signs the zone can make: they would fit no longer with the next change, and a zone that has all
of them is one that comes signed, which takes no updates."""


class Names(Enum):
    """Which names a grant is about, by the words of BIND."""

    ZONESUB = "zonesub"
    SELF = "self"
    SELFSUB = "selfsub"
    NAME = "name"
    SUBDOMAIN = "subdomain"
    WILDCARD = "wildcard"


class Grant(NamedTuple):
    """`name` is that of NAME, SUBDOMAIN and WILDCARD; `types` are those that it gives, or with `save` all but those."""

    key: bytes
    names: Names = Names.ZONESUB
    name: bytes = b""
    types: frozenset[int] = frozenset()
    save: bool = True

    def has_name(self, owner: bytes) -> bool:
        match self.names:
            case Names.ZONESUB:
                return True
            case Names.SELF:
                return owner == self.key
            case Names.SELFSUB:
                return is_within(owner, self.key)
            case Names.NAME:
                return owner == self.name
            case Names.SUBDOMAIN:
                return is_within(owner, self.name)
            case Names.WILDCARD:  # *.NAME: all below, and not it itself
                return owner != self.name and is_within(owner, self.name)

    def has_type(self, type_: int) -> bool:
        return (type_ in self.types) != self.save


def of_key(grants: Iterable[Grant], key: bytes) -> tuple[Grant, ...]:
    return tuple(grant for grant in grants if grant.key == key)


def check_permission(grants: Sequence[Grant], zone: Zone, changes: Iterable[Record]) -> Generator[None, None, None]:
    """Raises UpdateError (REFUSED) for the first change that these grants, all of one key, do not give. In steps.

    Nor does any grant give what only who signs the zone can make; it may be deleted.
    """
    for count, (owner, type_, class_, _, _) in enumerate(changes, 1):
        if count % _STEP == 0:
            yield
        if class_ == _IN and type_ in SIGNERS:
            text = f"{type_text(type_)} records are made by who signs the zone"
            raise UpdateError(Rcode.REFUSED, text, Ede.PROHIBITED)
        own = [grant for grant in grants if grant.has_name(owner)]
        if class_ == _ANY_CLASS and type_ == _ANY:
            # All that is there goes: each type of it must be given. Where nothing is there, the name alone counts.
            types = {rrset.type for rrset in zone.rrsets_at(owner) or ()} - (_APEX if owner == zone.origin else set())
            allowed = bool(own) and all(any(grant.has_type(each) for grant in own) for each in types)
        else:
            allowed = any(grant.has_type(type_) for grant in own)
        if not allowed:
            text = f"the key may not change {type_text(type_)} of {to_text(owner)}"
            raise UpdateError(Rcode.REFUSED, text, Ede.PROHIBITED)

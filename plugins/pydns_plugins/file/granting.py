"""Reads an `update` line of the file directive: `update key NAME [RULE [NAME]] [TYPES...]`."""

from __future__ import annotations

from typing import Final

from pydns import names
from pydns.corefile import values
from pydns.corefile.tree import Directive, Word
from pydns.errors import CorefileError
from pydns.records import type_from_text
from pydns.update.grants import KEPT_BACK, Grant, Names

_RULES: Final = {each.value: each for each in Names}
_NAMED: Final = frozenset((Names.NAME, Names.SUBDOMAIN, Names.WILDCARD))
_STAR: Final = b"\x01*"
_FORM: Final = "write: update key NAME [zonesub | self | selfsub | name N | subdomain N | wildcard *.N] [TYPES...]"


def read_grant(option: Directive, zone: bytes) -> Grant:
    """Raises CorefileError."""
    words = list(values.arguments(option, 2))
    if words[0] != "key":
        raise CorefileError(words[0].position, f"{str(words[0])!r} where the word key is due", _FORM)
    grant = Grant(values.name(words[1]))
    del words[:2]
    if not words:
        return grant
    rule = _RULES.get(words[0])
    if rule is not None:
        grant = grant._replace(names=rule, types=KEPT_BACK)
        first = words.pop(0)
        if rule in _NAMED:
            if not words:
                raise CorefileError(first.position, f"{first} wants a name", _FORM)
            grant = grant._replace(name=_name(words.pop(0), rule, zone))
        elif rule is not Names.ZONESUB and not names.is_within(grant.key, zone):
            text = f"the key {names.to_text(grant.key)} is not within {names.to_text(zone)}, so it is no name there"
            raise CorefileError(first.position, text, "use name or subdomain")
    return _with_types(grant, words) if words else grant


def _name(word: Word, rule: Names, zone: bytes) -> bytes:
    found = values.name(word)
    if rule is Names.WILDCARD:
        if found[:2] != _STAR:
            raise CorefileError(word.position, f"{word} is no wildcard", "write it as *.example.org")
        found = names.parent(found)
    if not names.is_within(found, zone):
        raise CorefileError(word.position, f"{word} is not within {names.to_text(zone)}", "name one that is")
    return found


def _with_types(grant: Grant, words: list[Word]) -> Grant:
    if len(words) == 1 and words[0].upper() == "ANY":
        return grant._replace(types=frozenset(), save=True)
    found = set()
    for word in words:
        if word.upper() == "ANY":
            raise CorefileError(word.position, "ANY stands alone or not at all", "remove it, or all other types")
        try:
            found.add(type_from_text(word))
        except ValueError as error:
            raise CorefileError(word.position, f"{error}, nor a rule", _FORM) from None
    return grant._replace(types=frozenset(found), save=False)

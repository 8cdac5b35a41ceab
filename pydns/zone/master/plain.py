"""Plain lines, read fast: a whole record in one line, without parentheses, quotes, escapes or comments.

Most of a large zone is of these, and there are a million. What is odd in any way is left to `entries`, which knows what
to say about it; so nothing here is an error.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

from pydns.names import ROOT, is_within, to_text
from pydns.records import Type, type_text
from pydns.zone.master.lines import MAX_PLAIN, ODD, Lines
from pydns.zone.master.rdata import LAYOUTS, pack
from pydns.zone.master.spelling import LENGTHS
from pydns.zone.master.state import State
from pydns.zone.master.ttl import MAX_TTL, period

_ADDRESSES: Final = {int(Type.A): AF_INET, int(Type.AAAA): AF_INET6}
_NAMES: Final = frozenset(map(int, (Type.NS, Type.CNAME, Type.DNAME, Type.PTR)))
_KEPT: Final = 1000  # TTLs by their spelling
_MAX_ORIGIN: Final = 191  # octets: with one label more it is no longer than a name may be

TYPES: Final = {
    spelled.encode(): int(type_)
    for type_ in LAYOUTS
    if type_ != Type.SOA  # it decides about TTLs, and there is one
    for spelled in (type_text(type_), type_text(type_).lower())
}


class PlainReader:
    """Reads for one zone; what it learns of spellings holds over its files."""

    def __init__(self, state: State, zone: bytes) -> None:
        self._state = state
        self._zone = zone
        text = to_text(zone).encode()
        has_suffix = zone != ROOT and len(zone) <= _MAX_ORIGIN and b"\\" not in text
        self._suffix = b"." + text if has_suffix else None
        self._ttls: dict[bytes, int] = {b"IN": -1, b"in": -1}

    def take(self, lines: Lines) -> int:
        """Reads records from the next line on, within the piece, up to one that is not plain: gives its index.

        Raises what `state.add` does.
        """
        piece, start, all_plain, first_line = lines.piece, lines.at, lines.all_plain, lines.first
        state, zone, suffix = self._state, self._zone, self._suffix
        naming, where = state.naming, state.where
        origin, is_name_known, read_name = naming.origin, naming.known.get, naming.name
        relative = is_within(state.folded_origin, zone) and len(origin) <= _MAX_ORIGIN
        folded_origin = state.folded_origin
        add, owner, default, last = state.add, state.owner, state.default_ttl, state.last_ttl
        types, is_ttl_known, is_odd = TYPES.get, self._ttls.get, ODD.search
        usable = owner is not None and is_within(owner, zone)  # the last one may be out of the zone
        cut = 0 if suffix is None else -len(suffix)
        before = b""  # the word that `owner` was made of
        count, index = 0, start
        try:
            for index in range(start, len(piece)):
                line = piece[index]
                if not all_plain and (len(line) > MAX_PLAIN or is_odd(line)):
                    break
                words = line.split()
                if not words:
                    continue
                at = 0
                if line[0] > 32:  # no blank: there is an owner
                    at = 1
                    word = words[0].lower()
                    if word != before:
                        if b"." not in word:
                            if not relative:
                                break
                            found = LENGTHS[len(word)] + word + folded_origin
                        elif suffix is not None and word.endswith(suffix) and b"." not in (label := word[:cut]):
                            found = LENGTHS[len(label)] + label + zone if label else b""
                        else:
                            found = read_name(word)
                            if word[-1] != 46:  # relative: the origin has its letters as written
                                found = found.lower()
                            if not is_within(found, zone):
                                break
                        if not found:
                            break
                        owner, before, usable = found, word, True
                if owner is None or not usable:
                    break
                ttl = default
                type_ = types(words[at])
                if type_ is None:
                    first = is_ttl_known(words[at])
                    if first is None:
                        first = self._ttl(words[at])
                    at += 1
                    type_ = types(words[at])
                    if first >= 0:
                        ttl = last = first
                    if type_ is None:
                        second = is_ttl_known(words[at])
                        if second is None:
                            second = self._ttl(words[at])
                        if (first < 0) == (second < 0):
                            break
                        if second >= 0:
                            ttl = last = second
                        at += 1
                        type_ = types(words[at])
                        if type_ is None:
                            break
                if ttl is None:
                    if not state.told_old_ttls:
                        break
                    ttl = last
                    if ttl is None:
                        break
                if type_ in _ADDRESSES:
                    rdata = inet_pton(_ADDRESSES[type_], words[at + 1].decode())
                elif type_ in _NAMES:
                    rdata = is_name_known(words[at + 1]) or read_name(words[at + 1])
                else:
                    where.line = first_line + index
                    add(owner, type_, ttl, pack(type_, words[at + 1 :], naming))
                    count += 1
                    continue
                if len(words) != at + 2:
                    break
                where.line = first_line + index
                add(owner, type_, ttl, rdata)
                count += 1
            else:
                index = len(piece)
        except (ValueError, IndexError, OSError):
            pass
        finally:
            state.records += count
            state.owner, state.last_ttl = owner, last
        return index

    def _ttl(self, word: bytes) -> int:
        """Raises ValueError where it is no TTL, or one that is worth a remark."""
        seconds = period(word)
        if seconds > MAX_TTL:
            raise ValueError(word)
        if len(self._ttls) < _KEPT:
            self._ttls[word] = seconds
        return seconds

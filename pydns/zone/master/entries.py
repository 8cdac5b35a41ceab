"""Entries of every form: directives, and records with all that a master file may have in them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from difflib import get_close_matches
from typing import Any, Final, Protocol

from pydns.names import LOWER, ROOT, is_within, to_text
from pydns.records import Type, type_from_text
from pydns.zone.master.fields import MAX_RDATA, hexadecimal, type_number
from pydns.zone.master.generate import MAX_GENERATED, counted, template
from pydns.zone.master.rdata import LAYOUTS, RdataError, pack
from pydns.zone.master.reading import Severity, shown
from pydns.zone.master.spelling import SpellingError
from pydns.zone.master.state import State
from pydns.zone.master.ttl import MAX_TTL, looks_like_ttl, period
from pydns.zone.master.words import EntryError, Word, divided, joined

DIRECTIVES: Final = ("$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE")

_OTHER_CLASSES: Final = frozenset((b"CH", b"CHAOS", b"HS", b"HESIOD", b"CS", b"NONE"))
_STEP: Final = 32  # records of $GENERATE after which a step ends

Requests = Generator[Callable[[], Any] | None, Any, None]
"""See `reader.Steps`."""


class Tell(Protocol):
    def __call__(self, line: int, column: int, message: str, severity: Severity = Severity.ERROR) -> None: ...


class WordError(Exception):
    """What is wrong with a word, where no more of its entry can be read."""

    def __init__(self, word: Word, message: str, behind: bool = False) -> None:
        """`behind`: the fault is what does not stand behind the word."""
        super().__init__(message)
        self.line = word.line
        self.column = word.column + (len(word.text) if behind else 0)
        self.message = message


class Entries:
    """Takes one after the other; `tell` hears of what is wrong with them."""

    def __init__(self, state: State, zone: bytes, tell: Tell, *, any_soa: bool = False) -> None:
        """`any_soa`: the SOA may stand anywhere in the zone, for who looks for its name."""
        self._state = state
        self._zone = zone
        self._tell = tell
        self._any_soa = any_soa
        self._lost_owner = False  # the last owner could not be read, and it is told
        self._soa: tuple[int, bytes] | None = None  # line and rdata
        self._is_another = False  # its SOA is of another zone, and it is told
        self._generated = 0

    def take(self, words: Sequence[Word], begins_blank: bool) -> Requests:
        """The words of one entry; `begins_blank` where its line begins with a blank. Raises what `state.add` does."""
        try:
            if not begins_blank and words[0].text.startswith(b"$"):
                yield from self._directive(words)
            else:
                yield from self._record(words, begins_blank)
        except WordError as error:
            self._tell(error.line, error.column, error.message)
        except EntryError as error:
            self._tell(error.line, error.column, error.message)

    def include(self, words: Sequence[Word]) -> tuple[Word, bytes, bytes] | None:
        """The file's word and name, and the origin, of an $INCLUDE; None where that is wrong."""
        try:
            _count(words, 1, 2)
            text = words[1].text
            name = text[1:-1].replace(b'\\"', b'"') if text.startswith(b'"') else text
            return words[1], name, self._name(words[2]) if len(words) > 2 else self._state.naming.origin
        except WordError as error:
            self._tell(error.line, error.column, error.message)
            return None

    def _directive(self, words: Sequence[Word]) -> Requests:
        directive = words[0].text.upper()
        if directive == b"$ORIGIN":
            _count(words, 1, 1)
            self._state.change_origin(self._name(words[1]))
        elif directive == b"$TTL":
            _count(words, 1, 1)
            self._state.default_ttl = self._period(words[1])
        elif directive == b"$GENERATE":
            yield from self._generate(words)
        elif directive == b"$DATE":
            self._tell(words[0].line, words[0].column, "$DATE is passed over", Severity.WARNING)
        else:
            text = directive.decode("latin-1")
            close = get_close_matches(text, DIRECTIVES, n=1)
            remedy = f"did you mean {close[0]}?" if close else f"one of: {', '.join(DIRECTIVES)}"
            raise WordError(words[0], f"unknown directive {shown(words[0].text)} ({remedy})")

    def _generate(self, words: Sequence[Word]) -> Requests:
        """$GENERATE RANGE OWNER [TTL] [CLASS] TYPE RDATA; BIND wants RDATA of several words in quotes."""
        if len(words) < 5:
            raise WordError(words[-1], "$GENERATE wants a range, an owner, a type and data", behind=True)
        middle = 3
        while middle < len(words) - 1 and (looks_like_ttl(words[middle].text) or words[middle].text.upper() == b"IN"):
            middle += 1
        data = joined(words[middle + 1 :])
        if data.startswith(b'"') and len(words) == middle + 2:
            data = data[1:-1].replace(b'\\"', b'"')
        try:
            numbers = counted(words[1].text)
            owner, rdata = template(words[2].text), template(data)
        except SpellingError as error:
            raise WordError(words[1], str(error)) from None
        self._generated += len(numbers)
        if self._generated > MAX_GENERATED:
            self._generated -= len(numbers)
            raise WordError(words[1], f"$GENERATE would make {len(numbers)} records: over {MAX_GENERATED} in all")
        place = words[2]
        for count, number in enumerate(numbers, 1):
            try:
                own = [place._replace(text=owner(number)), *divided(rdata(number), place)]
            except SpellingError as error:
                raise WordError(place, str(error)) from None
            yield from self._record([own[0], *words[3 : middle + 1], *own[1:]], False)
            if count % _STEP == 0:
                yield None

    def _record(self, words: Sequence[Word], begins_blank: bool) -> Requests:
        state, at = self._state, 0
        if not begins_blank:
            self._lost_owner = True
            state.owner = None
            state.owner = self._name(words[0]).translate(LOWER)
            self._lost_owner = False
            at = 1
        owner = state.owner
        if owner is None:
            if self._lost_owner:
                return  # one fault is enough for the lines below it
            raise WordError(words[0], "a record without an owner, and there is none ahead of it")
        ttl, at = self._ttl_and_class(words, at)
        type_ = yield from self._type(words[at])
        where = words[at]
        rdata = yield from self._rdata(type_, words, at)
        if not is_within(owner, self._zone):
            self._leave_out(words[0], owner, type_)
            return
        if type_ == Type.SOA:
            if owner != self._zone and not self._any_soa:
                text = f"a SOA record at {to_text(owner)}, which is not the apex of the zone"
                remedy = ", the root: is the zone's name missing behind its file?" if self._zone == ROOT else ""
                raise WordError(where, text + remedy)
            if self._soa is not None and self._soa[1] != rdata:
                raise WordError(where, f"a second SOA record; the first stands in line {self._soa[0]}")
            self._soa = where.line, rdata
        state.where.line = words[0].line
        state.add(owner, type_, self._ttl(ttl, type_, rdata, where), rdata)
        state.records += 1

    def _leave_out(self, word: Word, owner: bytes, type_: int) -> None:
        """A record of another zone; where all of them are, that is one fault."""
        if self._soa is None and self._is_another:
            return
        text = f"{to_text(owner)} is out of the zone {to_text(self._zone)}: the record is left out"
        if self._soa is None and type_ == Type.SOA:
            self._is_another = True
            text = f"the file is of the zone {to_text(owner)} by its SOA, and not of {to_text(self._zone)}"
        self._tell(word.line, word.column, text, Severity.WARNING)

    def _ttl_and_class(self, words: Sequence[Word], at: int) -> tuple[int | None, int]:
        """The TTL that stands there, and the index of the type; they come in either order (RFC 1035 section 5.1)."""
        ttl = None
        has_class = False
        while at < len(words):
            word = words[at]
            text = word.text.upper()
            if text in (b"IN", b"CLASS1") and not has_class:
                has_class = True
            elif text in _OTHER_CLASSES or (text.startswith(b"CLASS") and text[5:].isdigit() and text != b"CLASS1"):
                raise WordError(word, f"class {text.decode()} in a zone of class IN")
            elif ttl is None and looks_like_ttl(text):
                ttl = self._state.last_ttl = self._period(word)
            else:
                return ttl, at
            at += 1
        raise WordError(words[-1], "a type is missing", behind=True)

    def _ttl(self, own: int | None, type_: int, rdata: bytes, where: Word) -> int:
        """The TTL of a record that has `own`, as BIND finds it where there is none."""
        state = self._state
        if own is not None:
            return own
        if state.default_ttl is not None:
            return state.default_ttl
        if state.last_ttl is not None:
            if not state.told_old_ttls:
                text = "no TTL here and no $TTL ahead: it is that of the record before (RFC 1035)"
                self._tell(where.line, where.column, text, Severity.WARNING)
                state.told_old_ttls = True
            return state.last_ttl
        if type_ != Type.SOA:
            raise WordError(where, "a record without a TTL: write $TTL 3600 at the beginning of the file")
        state.default_ttl = min(int.from_bytes(rdata[-4:]), MAX_TTL)
        text = f"no TTL here and no $TTL ahead: it is the minimum of the SOA, {state.default_ttl}, for all the zone"
        self._tell(where.line, where.column, text, Severity.WARNING)
        return state.default_ttl

    def _type(self, word: Word) -> Generator[Callable[[], Any] | None, Any, int]:
        text = word.text.decode("latin-1")
        try:
            number = type_from_text(text)
        except ValueError:
            yield _import_rare
            try:
                number = type_number(word.text)
            except SpellingError as error:
                raise WordError(word, str(error)) from None
        if number == 0 or 128 <= number <= 255 or number == Type.OPT:
            raise WordError(word, f"no zone has records of type {text.upper()}")
        return number

    def _rdata(self, type_: int, words: Sequence[Word], at: int) -> Generator[Callable[[], Any] | None, Any, bytes]:
        """From the words behind that of the type, which is `words[at]`."""
        texts = [word.text for word in words[at + 1 :]]
        try:
            if texts[:1] == [b"\\#"]:
                rdata = _unknown(texts)
                yield _import_rare
                from pydns.zone.master import rare

                rare.check(type_, rdata)
                return rdata
            if type_ in LAYOUTS:
                return pack(type_, texts, self._state.naming)
            yield _import_rare
            from pydns.zone.master import rare

            return rare.pack(type_, joined(words[at + 1 :]), self._state.naming.origin)
        except RdataError as error:
            if error.index < len(texts):
                raise WordError(words[at + 1 + error.index], str(error)) from None
            raise WordError(words[-1], str(error), behind=True) from None
        except SpellingError as error:
            raise WordError(words[at], str(error)) from None

    def _name(self, word: Word) -> bytes:
        try:
            return self._state.naming.name(word.text)
        except SpellingError as error:
            raise WordError(word, str(error)) from None

    def _period(self, word: Word) -> int:
        try:
            seconds = period(word.text)
        except SpellingError as error:
            raise WordError(word, str(error)) from None
        if seconds > MAX_TTL:
            text = f"a TTL of {seconds} is over {MAX_TTL} and counts as 0 (RFC 2181 section 8)"
            self._tell(word.line, word.column, text, Severity.WARNING)
            return 0
        return seconds


def _import_rare() -> None:
    """Takes 50 ms the first time."""
    import pydns.zone.master.rare  # noqa: F401


def _unknown(texts: Sequence[bytes]) -> bytes:
    r"""`\# LENGTH HEX` (RFC 3597 section 5). Raises SpellingError."""
    if len(texts) < 2 or not texts[1].isdigit() or len(texts[1]) > 5 or int(texts[1]) > MAX_RDATA:
        raise SpellingError(r"\# wants the number of octets behind it, and then these in hexadecimal")
    octets = hexadecimal(texts[2:])
    if len(octets) != int(texts[1]):
        raise SpellingError(rf"\# {int(texts[1])} with {len(octets)} octets behind it")
    return octets


def _count(words: Sequence[Word], least: int, most: int) -> None:
    """Checks how many arguments a directive has."""
    directive = words[0].text.upper().decode()
    if len(words) <= least:
        raise WordError(words[-1], f"{directive} wants an argument", behind=True)
    if len(words) > most + 1:
        raise WordError(words[most + 1], f"{shown(words[most + 1].text)} is too much behind {directive}")

"""Zones as hypothesis writes them: few labels, so that what is interesting meets.

A case is a zone, perhaps with another below it, under an origin that stands in no name. It is given when the text is
made, so many cases are served at once. Names are text; without a final dot they are relative to the case's origin.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final, NamedTuple

from hypothesis import strategies as st

LONG: Final = "l" * 63
_LABELS: Final = ("a", "b", "c", "d", "A", "B")
_OUTSIDE: Final = ("other.example.", "ns.other.example.", "a.test.")


class Line(NamedTuple):
    owner: str
    ttl: int
    type: str
    rdata: str

    def __str__(self) -> str:
        return f"{self.owner} {self.ttl} {self.type} {self.rdata}"


class Zone(NamedTuple):
    """`top` is `@`, or where it stands in the case."""

    top: str
    lines: tuple[Line, ...]

    def ordered(self) -> list[Line]:
        """The servers of the apex last: BIND takes what follows them for their glue, and then DS is at the top."""
        return sorted(self.lines, key=lambda line: line.type == "NS" and line.owner == self.top)

    def text(self, origin: str) -> str:
        """As a plain master file."""
        return "\n".join((f"$ORIGIN {origin}", *map(str, self.ordered()), ""))

    def name(self, origin: str) -> str:
        """That of the zone in presentation form."""
        return origin if self.top == "@" else f"{self.top}.{origin}"


Case = tuple[Zone, ...]

labels = st.sampled_from(_LABELS)
stars = st.sampled_from((*_LABELS, "*"))
ttls = st.sampled_from((0, 60, 300, 3600))


@cache  # strategies cost more to make than to draw from
def below(top: str, label: st.SearchStrategy[str] = labels, least: int = 0, most: int = 3) -> st.SearchStrategy[str]:
    """Names in a zone, mostly short ones."""

    def join(parts: list[str]) -> str:
        return ".".join(parts if top == "@" else [*parts, top]) or "@"

    return st.lists(label, min_size=least, max_size=most).map(join)


def child(name: str, label: str) -> str:
    return label if name == "@" else f"{label}.{name}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    if draw(st.integers(0, 3)):
        return (draw(zones("@")),)
    top = draw(below("@", least=1, most=2)).lower()
    return together(draw(zones("@", top)), draw(zones(top)))


def together(above: Zone, under: Zone) -> Case:
    """Without DNAMEs of the lower zone that have data of the upper one below them: NSD has all zones in one tree."""
    owners = [fold(line.owner) for line in above.lines]
    lines = [
        line
        for line in under.lines
        if line.type != "DNAME" or not any(is_below(owner, fold(line.owner)) for owner in owners)
    ]
    return (above, under._replace(lines=tuple(lines)))


@st.composite
def zones(draw: st.DrawFn, top: str, other: str = "") -> Zone:
    """`other` is another zone's top below this one's."""
    ttl, minimum = draw(st.sampled_from(((300, 60), (60, 300), (0, 60))))
    lines = [Line(top, ttl, "SOA", f"ns.other.example. admin.other.example. 1 7200 3600 86400 {minimum}")]
    lines.append(Line(top, 300, "NS", "ns.other.example."))
    if draw(st.booleans()):
        server = draw(below(top))
        lines += [Line(top, 300, "NS", server), Line(server, draw(ttls), "A", "192.0.2.5")]
    elif not draw(st.integers(0, 7)):
        lines.append(Line(top, 300, "DNAME", draw(_targets(top))))
    for feature in draw(st.lists(st.sampled_from(_FEATURES), min_size=1, max_size=9)):
        lines += draw(feature(top))
    return Zone(top, tuple(sound(lines, fold(other))))


def sound(lines: list[Line], other: str = "") -> list[Line]:
    """Without what one of the servers would not load; who comes first stays.

    That is: what stands beside a CNAME or below a DNAME, a second one of them, a DNAME beside NS at a cut, two TTLs in
    a set.
    """
    kept: dict[tuple[str, str, str], Line] = {}
    types: dict[str, set[str]] = {other: set()} if other else {}
    ttl: dict[tuple[str, str], int] = {}
    top = fold(lines[0].owner)
    for line in lines:
        owner = fold(line.owner)
        there = types.get(owner, set())
        both = there | {line.type}
        if (
            (line.type in ("CNAME", "DNAME") and line.type in there)
            or ("CNAME" in both and len(both) > 1)
            or ({"NS", "DNAME"} <= both and owner != top)
            or (line.type == "DNAME" and any(is_below(name, owner) for name in types))
            or (line.type == "DNAME" and other and (owner == other or is_below(owner, other)))
            or any(is_below(owner, name) and "DNAME" in there for name, there in types.items())
        ):
            continue
        types[owner] = both
        of_set = ttl.setdefault((owner, line.type), line.ttl)
        kept.setdefault((owner, line.type, fold(line.rdata)), line._replace(ttl=of_set))
    return list(kept.values())


def is_below(name: str, above: str) -> bool:
    return name != above and (above == "@" or name.endswith("." + above))


def fold(name: str) -> str:
    return name.lower()


@cache
def _targets(top: str) -> st.SearchStrategy[str]:
    """Names that records lead to: mostly in the zone."""
    inside = below(top)
    return st.one_of(inside, inside, inside, below("@"), st.sampled_from(_OUTSIDE))


addresses = st.integers(1, 9).map("192.0.2.{}".format)


def _one(
    type_: str, rdata: Callable[[str], st.SearchStrategy[str]], label: st.SearchStrategy[str] = stars, least: int = 0
) -> Callable[[str], st.SearchStrategy[list[Line]]]:
    @cache
    def feature(top: str) -> st.SearchStrategy[list[Line]]:
        line = st.builds(Line, below(top, label, least), ttls, st.just(type_), rdata(top))
        return line.map(lambda line: [line])

    return feature


@cache
def _wildcard(top: str) -> st.SearchStrategy[list[Line]]:
    owners = below(top, stars, most=2).map(lambda name: child(name, "*"))
    plain = st.sampled_from((("A", "192.0.2.7"), ("TXT", '"wild"'), ("TYPE65280", "\\# 2 cafe")))
    leading = st.tuples(st.sampled_from(("CNAME", "CNAME", "MX", "DNAME")), _targets(top)).map(
        lambda pair: (pair[0], f"10 {pair[1]}" if pair[0] == "MX" else pair[1])
    )
    return st.builds(lambda owner, ttl, what: [Line(owner, ttl, *what)], owners, ttls, st.one_of(plain, leading))


@st.composite
def _delegation(draw: st.DrawFn, top: str) -> list[Line]:
    """With glue below it, beside it, outside, or missing; with DS or not; perhaps with data that it occludes."""
    cut = draw(below(top, least=1))
    lines: list[Line] = []
    ttl = draw(ttls)
    for kind in draw(st.lists(st.sampled_from(("below", "below", "at", "anywhere")), min_size=1, max_size=3)):
        server = {"below": child(cut, draw(labels)), "at": cut, "anywhere": draw(_targets(top))}[kind]
        lines.append(Line(cut, ttl, "NS", server))
        if draw(st.booleans()) and not server.endswith(".") and (top == "@" or server.endswith("." + top)):
            lines.append(
                Line(server, draw(ttls), *draw(st.sampled_from((("A", "192.0.2.53"), ("AAAA", "2001:db8::53")))))
            )
    if draw(st.booleans()):
        lines.append(Line(cut, draw(ttls), "DS", f"1 8 2 {'ab' * 32}"))
    if draw(st.booleans()):
        occluded = draw(st.sampled_from(("TXT", "CNAME", "MX", "DS", "NS")))
        rdata = {"TXT": '"occluded"', "MX": f"1 {cut}", "DS": f"1 8 2 {'cd' * 32}"}.get(occluded, f"a.{cut}")
        lines.append(Line(child(cut, draw(labels if occluded == "NS" else stars)), 300, occluded, rdata))
    return lines


@st.composite
def _chain(draw: st.DrawFn, top: str) -> list[Line]:
    """CNAMEs that lead from one to the next; the last may lead back, out, or to nothing."""
    places = draw(st.lists(below(top, least=1, most=2), min_size=2, max_size=4))
    places.append(draw(st.one_of(st.sampled_from(places), _targets(top))))
    return [Line(a, 300, "CNAME", b) for a, b in itertools.pairwise(places)]


_FEATURES: Final[Sequence[Callable[[str], st.SearchStrategy[list[Line]]]]] = (
    _one("A", lambda _: addresses),
    _one("A", lambda _: addresses),
    _one("AAAA", lambda _: st.just("2001:db8::1")),
    _one("TXT", lambda _: st.just('"text"')),
    _one("MX", lambda top: _targets(top).map("10 {}".format)),
    _one("SRV", lambda top: _targets(top).map("0 0 80 {}".format)),
    _one("HTTPS", lambda top: _targets(top).map("1 {}".format)),
    _one("NS", _targets, labels, 1),
    _one("TYPE65280", lambda _: st.just("\\# 3 abcdef")),
    _one("CNAME", _targets),
    _one("DNAME", _targets),
    _one("DNAME", lambda top: below(top).map(lambda name: child(child(name, LONG), LONG))),
    _wildcard,
    _wildcard,
    _delegation,
    _delegation,
    _chain,
)

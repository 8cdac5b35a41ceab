"""Questions that pydns answers otherwise than the others, told so that a person sees why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydns import names
from pydns.records import rcode_text, type_text
from tests.differential.agreement import Apexes, Said, agrees, differing, expected, within_zone
from tests.differential.asking import Question
from tests.differential.batch import Batch, origin
from tests.differential.message import Message, comparable, text
from tests.differential.zones import Case, Zone

Heard = Mapping[str, Sequence[Message]]
"""What each server, by its name, answers to a batch."""


class Disagreement(NamedTuple):
    """`said` is what the peers say, `ours` what pydns says. `fields` differ: none where the peers differ too."""

    case: Case
    origin: str
    question: Question
    said: Said
    ours: Message
    fields: Sequence[str]

    def __str__(self) -> str:
        lines = [f"{names.to_text(self.question.name)} {type_text(self.question.type)}{' DO' * self.question.do}:"]
        lines[0] += f" {', '.join(self.fields) or 'the peers do not agree'}"
        lines += [zone.text(self.origin) for zone in self.case]
        for name, message in {**self.said, "pydns": self.ours}.items():
            lines.append(
                f"{name}: {rcode_text(message.rcode)} {'AA' * message.authoritative} {'TC' * message.truncated}"
            )
            for section in ("answer", "authority", "additional"):
                lines += [f"    {section}: {rr}" for rr in text(getattr(message, section))]
        return "\n".join(lines)


def disagreements(batch: Batch, peers: Heard, ours: Sequence[Message]) -> Iterator[Disagreement]:
    apexes = batch.apexes
    for at, (case, question) in enumerate(batch.questions):
        said = {name: messages[at] for name, messages in peers.items()}
        fields = difference(said, ours[at], question, apexes)
        if fields is not None:
            yield Disagreement(batch.cases[case], origin(case), question, said, ours[at], fields)


def difference(said: Said, ours: Message, question: Question, apexes: Apexes) -> Sequence[str] | None:
    """None where pydns says what it should. Where there is no majority, it should say what one of them says."""
    wanted = expected(said, question, apexes)
    if wanted is None:
        return None if any(ours_is(ours, theirs, question, apexes) for theirs in said.values()) else ()
    if agrees(ours, wanted, question, apexes):
        return None
    return differing(wanted, within_zone(comparable(ours, apexes), question, apexes))


def ours_is(ours: Message, theirs: Message, question: Question, apexes: Apexes) -> bool:
    return agrees(ours, within_zone(comparable(theirs, apexes), question, apexes), question, apexes)


Serve = Callable[[Batch], tuple[Heard, Sequence[Message]]]
"""Has the peers and pydns answer a batch."""


def smallest(found: Disagreement, serve: Serve) -> Disagreement:
    """The same disagreement with no more records than it takes: all that are less by one are served at once."""
    while True:
        zones = [_moved(found, case, i) for i, case in enumerate(_smaller(found.case))]
        batch = Batch(
            [case for case, _ in zones],
            [(i, question) for i, (_, question) in enumerate(zones)],
            {zone.name(origin(i)).lower(): zone.text(origin(i)) for i, (case, _) in enumerate(zones) for zone in case},
        )
        less = (
            next((each for each in disagreements(batch, *serve(batch)) if each.fields == found.fields), None)
            if zones
            else None
        )
        if less is None:
            return found
        found = less


def _smaller(case: Case) -> Iterator[Case]:
    for i, zone in enumerate(case):
        if i:
            yield case[:i] + case[i + 1 :]
        for at in range(2, len(zone.lines)):  # behind the SOA and one NS
            yield (*case[:i], Zone(zone.top, zone.lines[:at] + zone.lines[at + 1 :]), *case[i + 1 :])


def _moved(found: Disagreement, case: Case, number: int) -> tuple[Case, Question]:
    """The case with the question under another origin."""
    head = found.question.name[: -len(names.from_text(found.origin))]
    return case, found.question._replace(name=head + names.from_text(origin(number)))

"""Batches before and after a change: some records of each zone are gone, and others have come."""

from __future__ import annotations

from random import Random

from tests.differential.batch import Batch, batch, written
from tests.differential.zones import Case, Line, Zone, fold, sound, together


def before_and_after(cases: int, questions: int, number: int) -> tuple[Batch, Batch]:
    """Both have the questions that are worth asking before or after; `questions` to a case in each, about."""
    random = Random(number)
    old = written(cases, number)
    first = batch(old, random, questions)
    second = batch([_changed(case, old[i - 7], random) for i, case in enumerate(old)], random, questions)
    asked = list(dict.fromkeys((*first.questions, *second.questions)))
    return first._replace(questions=asked), second._replace(questions=asked)


def _changed(case: Case, other: Case, random: Random) -> Case:
    """What comes is another case's."""
    above, *under = case
    come = [line for line in other[0].lines if (line.owner, line.type) not in (("@", "SOA"), ("@", "NS"))]
    come = [line for line in come if random.random() < 0.3]
    if not under:
        return (_zone(above, come, random),)
    return together(_zone(above, come, random, under[0].top), _zone(under[0], [], random))


def _zone(zone: Zone, come: list[Line], random: Random, other: str = "") -> Zone:
    soa, *rest = zone.lines
    soa = soa._replace(rdata=soa.rdata.replace(" 1 7200 ", " 2 7200 "))
    servers = [line for line in rest if (line.owner, line.type) == (zone.top, "NS")]
    hosts = [line.rdata for line in servers]
    # Those of the zone and their addresses stay: BIND wants them.
    kept = [line for line in rest if line.owner in (zone.top, *hosts) or random.random() > 0.2]
    return Zone(zone.top, tuple(sound([soa, *kept, *come], fold(other))))

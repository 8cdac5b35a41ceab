"""Many cases at once: written by hypothesis, served under an origin each, asked in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from pydns import names
from tests.differential.asking import Question, ask_all
from tests.differential.message import Message, parse
from tests.differential.questions import questions
from tests.differential.writing import spelled
from tests.differential.zones import Case, cases
from tests.e2e.programs import free_port
from tests.peers.peer import Peer
from tests.peers.zones import PeerZone


class Batch(NamedTuple):
    """Cases and the questions to each. `zones`: their texts by name."""

    cases: Sequence[Case]
    questions: Sequence[tuple[int, Question]]
    """Each with the case that it asks about."""
    zones: Mapping[str, str]

    @property
    def apexes(self) -> frozenset[bytes]:
        return frozenset(map(names.from_text, self.zones))


def origin(number: int) -> str:
    return f"z{number}.test."


def batch(cases: Sequence[Case], random: Random, each: int, *, signed: bool = False) -> Batch:
    """`each`: questions to a case, about; with `signed` those that are asked of signed zones as well."""
    zones = {
        zone.name(origin(i)).lower(): spelled(zone.ordered(), origin(i), random)
        for i, case in enumerate(cases)
        for zone in case
    }
    asked = [
        (i, question)
        for i, case in enumerate(cases)
        for question in questions(case, origin(i), random, each, signed=signed)
    ]
    return Batch(cases, asked, zones)


def written(count: int, number: int) -> list[Case]:
    """About `count` cases, always the same ones for a number."""
    found: list[Case] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return list(dict.fromkeys(found))


def asked(batch: Batch, server: type[Peer], folder: Path) -> list[Message]:
    """What a server answers to all questions of a batch, in their order."""
    zones = [PeerZone(name.rstrip("."), text) for name, text in batch.zones.items()]
    with server(folder, free_port(), zones) as peer:
        return [parse(wire) for wire in ask_all(peer.port, [question for _, question in batch.questions])]

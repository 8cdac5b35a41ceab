"""Zones that servers have of each other answer as they do from files, and so do their changes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.differential.asking import ask_all
from tests.differential.batch import Batch, asked
from tests.differential.changing import before_and_after
from tests.differential.message import Message, parse
from tests.differential.pydns import Pydns
from tests.e2e.programs import free_port
from tests.peers.all import PEERS
from tests.peers.peer import Peer
from tests.peers.zones import KEY, PeerZone, Remote

CASES: Final = 25
QUESTIONS: Final = 40


@pytest.fixture(scope="module")
def batches() -> tuple[Batch, Batch]:
    return before_and_after(CASES, QUESTIONS, 3)


def zones(batch: Batch, *, to: int) -> list[PeerZone]:
    return [PeerZone(name.rstrip("."), text, secondaries=[Remote(to, KEY)]) for name, text in batch.zones.items()]


def mirrors(batch: Batch, *, of: int) -> list[PeerZone]:
    return [PeerZone(name.rstrip("."), primaries=[Remote(of, KEY)]) for name in batch.zones]


@pytest.mark.parametrize("kind", PEERS.values(), ids=PEERS)
def test_a_peer_has_what_pydns_has(kind: type[Peer], batches: tuple[Batch, Batch], tmp_path: Path) -> None:
    carry(Pydns, kind, batches, tmp_path)


@pytest.mark.parametrize("kind", [*PEERS.values(), Pydns], ids=[*PEERS, "pydns"])
def test_pydns_has_what_a_peer_has(kind: type[Peer], batches: tuple[Batch, Batch], tmp_path: Path) -> None:
    carry(kind, Pydns, batches, tmp_path)


def carry(primary: type[Peer], secondary: type[Peer], batches: tuple[Batch, Batch], folder: Path) -> None:
    """The secondary gets the first version whole, then what changes, and answers as if it had the files."""
    first, second = batches
    here, there = free_port(), free_port()
    questions = [question for _, question in first.questions]
    with (
        primary(folder / "p", here, zones(first, to=there)) as source,
        secondary(folder / "s", there, mirrors(first, of=here)) as mirror,
    ):
        for name in first.zones:
            mirror.wait_for_serial(name, 1)
        for name, text in second.zones.items():
            source.rewrite(name.rstrip("."), text)
        for name in second.zones:
            mirror.wait_for_serial(name, 2)
        carried = [parse(wire) for wire in ask_all(there, questions)]
    own = asked(second, secondary, folder / "own")
    for question, ours, wanted in zip(questions, carried, own, strict=True):
        assert as_sets(ours) == as_sets(wanted), question


def as_sets(message: Message) -> tuple[object, ...]:
    sections = map(frozenset, (message.answer, message.authority, message.additional))
    return (message.rcode, message.authoritative, *sections)

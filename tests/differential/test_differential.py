"""pydns beside NSD, Knot and BIND: the same zones, the same questions, and the majority is right.

`DIFFERENTIAL=5000 pytest tests/differential` writes that many other cases; the number that it shows repeats them by
`DIFFERENTIAL=5000:NUMBER`.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.differential.batch import Batch, asked, batch, written
from tests.differential.disagreement import Disagreement, Heard, disagreements, smallest
from tests.differential.known import KNOWN, Known
from tests.differential.message import Message
from tests.differential.pydns import Pydns
from tests.peers.all import PEERS

CASES: Final = 300
QUESTIONS: Final = 60
"""To each case."""
SHOWN: Final = 3


class Outcome(NamedTuple):
    batch: Batch
    peers: Heard
    ours: list[Message]
    found: list[Disagreement]


def how_many() -> tuple[int, int]:
    """Cases, and the number that they are made by."""
    count, _, number = os.environ.get("DIFFERENTIAL", f"{CASES}:0").partition(":")
    return int(count), int(number) if number else random.randrange(1_000_000)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    count, number = how_many()
    print(f"DIFFERENTIAL={count}:{number}")
    generated = batch(written(count, number), random.Random(number), QUESTIONS)
    folder = tmp_path_factory.mktemp("differential")
    peers = {name: asked(generated, peer, folder) for name, peer in PEERS.items()}
    ours = asked(generated, Pydns, folder)
    return Outcome(generated, peers, ours, list(disagreements(generated, peers, ours)))


def test_pydns_answers_as_its_peers_do(outcome: Outcome, tmp_path: Path) -> None:
    new = [each for each in outcome.found if not any(known.holds(each) for known in KNOWN)]
    rounds = iter(range(1_000_000))

    def serve(batch: Batch) -> tuple[Heard, list[Message]]:
        folder = tmp_path / str(next(rounds))
        return {name: asked(batch, peer, folder) for name, peer in PEERS.items()}, asked(batch, Pydns, folder)

    shown = [smallest(each, serve) for each in new[:SHOWN]]
    assert not new, "\n\n".join((f"{len(new)} of {len(outcome.ours)} answers", *map(str, shown)))


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.what)
def test_what_is_listed_occurs(known: Known, outcome: Outcome) -> None:
    assert any(known.holds(each) for each in outcome.found)


def test_the_peers_mostly_agree(outcome: Outcome) -> None:
    """Else nothing was compared."""
    same = sum(len(set(answers)) == 1 for answers in zip(*outcome.peers.values(), strict=True))
    assert same > len(outcome.ours) / 4

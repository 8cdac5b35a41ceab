"""pydns beside NSD, Knot and BIND: the same zones, the same questions, and the majority is right.

`DIFFERENTIAL=5000 pytest tests/differential` writes that many other cases; the number that it shows repeats them by
`DIFFERENTIAL=5000:NUMBER`.
"""

from __future__ import annotations

import itertools
import os
import random
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from pydns.records import Type
from tests.differential.batch import Batch, asked, batch, written
from tests.differential.disagreement import Disagreement, Heard, disagreements, smallest
from tests.differential.known import KNOWN
from tests.differential.message import RR, Message, covered
from tests.differential.pydns import Pydns
from tests.differential.signing import sign
from tests.peers.all import PEERS

CASES: Final = 200
SIGNED: Final = 40
QUESTIONS: Final = 60
"""To each case."""
SHOWN: Final = 3


class Outcome(NamedTuple):
    signed: bool
    batch: Batch
    peers: Heard
    ours: list[Message]
    found: list[Disagreement]


def how_many() -> tuple[int, int]:
    """Cases, and the number that they are made by."""
    count, _, number = os.environ.get("DIFFERENTIAL", f"{CASES}:0").partition(":")
    return int(count), int(number) if number else random.randrange(1_000_000)


@pytest.fixture(scope="module", params=["unsigned", "signed"])
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    count, number = how_many()
    print(f"DIFFERENTIAL={count}:{number}")
    signed = request.param == "signed"
    folder = tmp_path_factory.mktemp(request.param)
    cases = written(count * SIGNED // CASES, number + 1) if signed else written(count, number)
    generated = batch(cases, random.Random(number), QUESTIONS, signed=signed)
    if signed:
        generated = sign(generated, folder)
    peers, ours = answered(generated, folder)
    return Outcome(signed, generated, peers, ours, list(disagreements(generated, peers, ours)))


def answered(batch: Batch, folder: Path) -> tuple[Heard, list[Message]]:
    return {name: asked(batch, peer, folder) for name, peer in PEERS.items()}, asked(batch, Pydns, folder)


def test_pydns_answers_as_its_peers_do(outcome: Outcome, tmp_path: Path) -> None:
    new = [each for each in outcome.found if not any(known.holds(each) for known in KNOWN)]
    shown = new[:SHOWN]
    if not outcome.signed:
        rounds = itertools.count()
        shown = [smallest(each, lambda batch: answered(batch, tmp_path / str(next(rounds)))) for each in shown]
    if new:
        pytest.fail("\n\n".join((f"{len(new)} of {len(outcome.ours)} answers", *map(str, shown))), pytrace=False)


def test_what_is_listed_occurs(outcome: Outcome) -> None:
    assert not [known.what for known in KNOWN if not any(map(known.holds, outcome.found))]


@pytest.mark.parametrize("section", ["authority", "additional"])
def test_nothing_is_added_that_none_of_them_adds(section: str, outcome: Outcome) -> None:
    """What is optional may be left out."""
    for (_, question), ours, *theirs in zip(
        outcome.batch.questions, outcome.ours, *outcome.peers.values(), strict=True
    ):
        assert set(getattr(ours, section)) <= {rr for each in theirs for rr in getattr(each, section)}, question


def test_what_is_not_there_is_proved_as_they_prove_it(outcome: Outcome) -> None:
    """Where they give the same answer. Of chains from zone to zone each follows another part."""
    for at, (case, question) in enumerate(outcome.batch.questions):
        ours, several = outcome.ours[at], len(outcome.batch.cases[case]) > 1
        if ours.truncated or (several and any(rr[1] == Type.CNAME for rr in ours.answer)):
            continue
        said = [messages[at] for messages in outcome.peers.values()]
        same = [proofs(each) for each in said if (each.rcode, set(each.answer)) == (ours.rcode, set(ours.answer))]
        most = max(same, key=same.count, default=frozenset())
        assert proofs(ours) == most if same.count(most) > 1 else not same or proofs(ours) in same, question


def proofs(message: Message) -> frozenset[RR]:
    return frozenset(rr for rr in message.authority if covered(rr) in (Type.NSEC, Type.NSEC3))


def test_nothing_is_said_twice(outcome: Outcome) -> None:
    for (_, question), ours in zip(outcome.batch.questions, outcome.ours, strict=True):
        said = (*ours.answer, *ours.authority, *ours.additional)
        assert len(said) == len(set(said)), question


def test_the_peers_mostly_agree(outcome: Outcome) -> None:
    """Else nothing was compared."""
    same = sum(len(set(answers)) == 1 for answers in zip(*outcome.peers.values(), strict=True))
    assert same > len(outcome.ours) / 8

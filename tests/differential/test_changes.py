"""Zones change under a server that has answered everything of them already: what it kept must not outlive its truth."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.differential.asking import ask_all
from tests.differential.batch import Batch, asked, origin
from tests.differential.changing import before_and_after
from tests.differential.message import Message, parse, text
from tests.differential.pydns import Cached, Pydns
from tests.e2e.programs import free_port
from tests.peers.zones import PeerZone

CASES: Final = 60
QUESTIONS: Final = 40


@pytest.fixture(scope="module")
def batches() -> tuple[Batch, Batch]:
    return before_and_after(CASES, QUESTIONS, 2)


@pytest.mark.parametrize("server", [Pydns, Cached])
def test_answers_end_with_what_they_came_from(
    server: type[Pydns], batches: tuple[Batch, Batch], tmp_path: Path
) -> None:
    first, second = batches
    questions = [question for _, question in first.questions]
    zones = [PeerZone(name.rstrip("."), content) for name, content in first.zones.items()]
    with server(tmp_path / "changing", free_port(), zones) as pydns:
        for _ in range(3):  # the packet cache keeps what is asked for the second time
            before = [parse(wire) for wire in ask_all(pydns.port, questions)]
        for name, content in second.zones.items():
            pydns.rewrite(name.rstrip("."), content)
        for name in second.zones:
            pydns.wait_for_serial(name, 2)
        after = [parse(wire) for wire in ask_all(pydns.port, questions)]
    fresh = asked(second, server, tmp_path / "fresh")
    counts_down = server is Cached
    wrong = [
        i
        for i, (ours, wanted) in enumerate(zip(after, fresh, strict=True))
        if as_sets(ours, counts_down) != as_sets(wanted, counts_down)
    ]
    if wrong:
        told = [_told(first, second, i, before[i], after[i], fresh[i]) for i in wrong[:3]]
        pytest.fail("\n\n".join((f"{len(wrong)} of {len(after)} answers", *told)), pytrace=False)
    assert before != after


def as_sets(message: Message, counts_down: bool) -> tuple[object, ...]:
    """What must be equal; not the TTLs, where they count down."""
    sections = (message.answer, message.authority, message.additional)
    sets = [frozenset((o, t, 0 if counts_down else ttl, data) for o, t, ttl, data in rrs) for rrs in sections]
    return (message.rcode, message.authoritative, *sets)


def _told(first: Batch, second: Batch, at: int, *messages: Message) -> str:
    number, question = first.questions[at]
    lines = [str(question)]
    lines += [zone.text(origin(number)) for each in (first, second) for zone in each.cases[number]]
    for when, message in zip(("before", "after", "should be"), messages, strict=True):
        lines.append(f"{when}: {message.rcode} {text((*message.answer, *message.authority, *message.additional))}")
    return "\n".join(lines)

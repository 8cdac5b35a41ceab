"""Who is asked first where some do not answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from trio.testing import MockClock

from pydns.transfer.client import Primary
from pydns.upstream.endpoint import Endpoint
from pydns_plugins.secondary.silence import LASTS, Silence, Turn

A, B, C = (Primary(Endpoint(f"192.0.2.{i}", 53)) for i in (1, 2, 3))


def order(silence: Silence) -> list[Primary]:
    return [primary for _, primary in Turn([*enumerate((A, B, C))], silence)]


@pytest.mark.parametrize(
    ("silent", "wanted"),
    [((), [A, B, C]), ((A,), [B, C, A]), ((A, B), [C, A, B]), ((A, B, C), [A, B, C]), ((C,), [A, B, C])],
)
async def test_who_is_silent_comes_last(silent: tuple[Primary, ...], wanted: list[Primary]) -> None:
    silence = Silence()
    for primary in silent:
        silence.began(primary)
    assert order(silence) == wanted


@pytest.mark.parametrize("end", [lambda silence: silence.ended(A), lambda silence: silence.ended_at(A.endpoint.host)])
async def test_who_was_heard_of_is_silent_no_more(end: Callable[[Silence], None]) -> None:
    silence = Silence()
    silence.began(A)
    silence.began(B)
    end(silence)
    assert order(silence) == [A, C, B]


async def test_silence_is_forgotten(autojump_clock: MockClock) -> None:
    silence = Silence()
    silence.began(A)
    autojump_clock.jump(LASTS)
    assert order(silence) == [A, B, C]


async def test_one_that_falls_silent_while_it_was_waited_for_is_put_off_once() -> None:
    silence = Silence()
    turn = Turn([*enumerate((A, B))], silence)
    asked = []
    for each in turn:
        silence.began(A)
        if not turn.puts_off(each):
            asked.append(each[1])
    assert asked == [B, A]

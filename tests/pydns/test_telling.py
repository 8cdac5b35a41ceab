from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pydns.reply import Reply
from pydns.telling import observed, tell
from pydns.testing import Someone, query
from tests.pydns.wire.messages import message

ANSWER = message(flags=0x8180)


def fail(*_: Any) -> Any:
    raise OSError("no space")


def test_who_watches_is_told_though_another_fails(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[Any, ...]] = []
    tell((fail, lambda *what: told.append(what)), message(), Someone(), ANSWER)
    assert told == [(message(), Someone(), ANSWER)]
    assert caplog.messages == ["who watches or counts answers failed: OSError: no space"]


def test_who_observes_is_told_though_another_fails(caplog: pytest.LogCaptureFixture) -> None:
    def observe(*_: Any) -> Callable[..., None]:
        return fail

    assert observed((fail, observe, lambda *_: None), query(), Reply(), ANSWER, 0.1) == (fail,)
    assert caplog.messages == ["who watches or counts answers failed: OSError: no space"]


def test_who_counts_is_told_though_another_fails(caplog: pytest.LogCaptureFixture) -> None:
    counted: list[tuple[Any, ...]] = []
    tell((fail, lambda *numbers: counted.append(numbers)), 2, [0.1, 0.2])
    assert counted == [(2, [0.1, 0.2])]
    assert caplog.messages == ["who watches or counts answers failed: OSError: no space"]

from __future__ import annotations

import pytest

from pydns.corefile.parser import parse_text
from pydns.errors import CorefileErrorGroup
from pydns.settings import Reload
from pydns.setup import Configuration, configure
from pydns.testing import FakeNext, ask, plugins_of


def configuration(corefile: str) -> Configuration:
    return configure(parse_text(corefile, environ={}))


@pytest.mark.parametrize(
    ("text", "reload"),
    [
        ("reload", Reload(30, 15)),
        ("reload 10s", Reload(10, 5)),
        ("reload 2s 1s", Reload(2, 1)),
        ("reload 1m 10s", Reload(60, 10)),
        ("reload 10s 1h", Reload(10, 5)),
        ("reload 10s 0s", Reload(10, 0)),
        ("reload 0", Reload(0, 0)),
        ("log", None),
    ],
)
def test_interval_and_jitter_are_coredns_s(text: str, reload: Reload | None) -> None:
    assert configuration(f". {{\n{text}\n}}").reload == reload


def test_the_first_block_that_has_it_counts() -> None:
    text = ".:1 {\n log\n}\n.:2 {\n reload 10s\n}\n.:3 {\n reload 20s\n}\n"
    assert configuration(text).reload == Reload(10, 5)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("reload 1s", "Corefile:2:8: an interval of 1s is too short (at least 2s, or 0 to reload on a signal alone)"),
        ("reload 10s 999ms", "Corefile:2:12: a jitter of 999ms is too short (at least 1s, or 0 for none)"),
        ("reload 10", "Corefile:2:8: '10' is no duration (write it as 30s, 5m, 1h or 500ms)"),
        ("reload 10s 5s 1s", "Corefile:2:15: reload takes at most 2 arguments; '1s' is one too many"),
        ("reload {\n}", "Corefile:2:1: reload takes no block (remove the braces)"),
        (
            "reload\nreload",
            "Corefile:3:1: reload stands twice in this server block, first at Corefile:2:1 (keep one)",
        ),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises(CorefileErrorGroup) as caught:
        configuration(f". {{\n{text}\n}}")
    assert str(caught.value) == error


async def test_queries_pass_it_by() -> None:
    (reload,) = plugins_of(". {\n reload\n}", environ={})
    call_next = FakeNext()
    assert await ask(reload, call_next=call_next) is call_next.reply

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns_plugins.header import Header
from pydns_plugins.header.rules import Rules
from tests.plugins.asking import block, directives

BITS = st.integers(0, 0xFFFF)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("header", "Corefile:1:1: header has no rules (write a line such as: response set ra)"),
        ("header a\n response set ra", "Corefile:1:2: header takes no arguments; 'a' is one too many"),
        (
            "header\n foo set ra",
            "Corefile:2:1: unknown selector of header 'foo' (one of: query, response)",
        ),
        ("header\n response", "Corefile:2:1: response wants at least 2 arguments, not 0"),
        ("header\n response set", "Corefile:2:1: response wants at least 2 arguments, not 1"),
        ("header\n query foo rd", "Corefile:2:2: unknown action of header 'foo' (one of: clear, set)"),
        ("header\n query set rd ad", "Corefile:2:4: unknown flag 'ad' (one of: aa, ra, rd)"),
        # CoreDNS took it for responses until 1.12.3.
        (
            "header\n set RA aa",
            "Corefile:2:1: a rule begins with query or response (write: response set RA aa)",
        ),
        (
            "header\n query set\n response foo ra",
            "Corefile:2:1: query wants at least 2 arguments, not 1\n"
            "Corefile:3:2: unknown action of header 'foo' (one of: clear, set)",
        ),
        (
            "header\n query set rd\nheader\n query set rd",
            "Corefile:3:1: header stands twice in this server block, first at Corefile:1:1 (keep one)",
        ),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        Header.parse(directives(text), block())
    assert str(caught.value) == error


@given(st.lists(st.tuples(st.sampled_from(["set", "clear"]), BITS)), BITS)
def test_rules_together_do_what_they_do_one_after_the_other(rules: list[tuple[str, int]], flags: int) -> None:
    together, expected = Rules(), flags
    for action, bits in rules:
        together = together.then(action, bits)
        expected = expected | bits if action == "set" else expected & ~bits
    assert together.apply(flags) == expected

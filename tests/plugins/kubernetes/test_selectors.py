from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns_plugins.kubernetes.selectors import fault


@pytest.mark.parametrize("text", [
    "app=web", "app==web", "app!=web", "app = web", "app=", "app", "!app", "app in (a, b)", "app notin (a)",
    "app in ()", "app>1", "app < 20", "kubernetes.io/name=a.b_c-d",
    "app=web,tier!=test", "a in (b,c),d notin (e,f), !g",
])  # fmt: skip
def test_a_selector(text: str) -> None:
    assert not fault(text)


@pytest.mark.parametrize(("text", "requirement"), [
    ("", ""), ("a=b,", ""), ("a=b,,c", ""), ("a b", "a b"), ("=b", "=b"), ("a=b=c", "a=b=c"), ("a in b", "a in b"),
    ("a in (b", "a in (b"), ("-a=b", "-a=b"), ("a/b/c", "a/b/c"), ("A.io/x", "A.io/x"), ("a>b", "a>b"),
    ("a=" + 64 * "b", "a=" + 64 * "b"),
])  # fmt: skip
def test_what_is_none(text: str, requirement: str) -> None:
    assert fault(text) == f"{requirement!r} is no requirement"


@given(st.text(alphabet="ab/=!()<>, in", max_size=30))
def test_any_text_is_taken_or_refused(text: str) -> None:
    fault(text)

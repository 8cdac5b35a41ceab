from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.kubernetes.errors import UnreadableError
from pydns.kubernetes.listing import Page

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
tables = st.dictionaries(st.text(max_size=5), values, max_size=3)


@given(st.lists(tables, max_size=4), tables, tables, st.integers(0, 3), st.booleans())
def test_a_page_is_read_as_json_is(
    items: list[Any], metadata: dict[str, Any], more: dict[str, Any], indent: int, last: bool
) -> None:
    tree = {**more, "metadata": metadata, "items": items}
    if last:
        tree = dict(reversed(tree.items()))
    page = Page(json.dumps(tree, indent=indent or None).encode())
    assert list(page.objects()) == items
    assert page.metadata == metadata


def test_an_empty_list_may_be_null() -> None:
    page = Page(b'{"items": null, "metadata": {"resourceVersion": "7"}}')
    assert list(page.objects()) == []
    assert page.metadata.text("resourceVersion") == "7"


def test_what_is_no_table_is_an_empty_one() -> None:
    assert list(Page(b'{"items":[1,null,{"a":2}]}').objects()) == [{}, {}, {"a": 2}]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b"[]", b'{"items"', b'{"items":[{}', b'{"items":[{} {}]}', b'{"items":7}', b"<"]
)
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        list(Page(body).objects())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(UnreadableError):
        list(Page(body).objects())


@given(st.integers(0, 60))
def test_one_that_is_cut_is_refused(end: int) -> None:
    body = b'{"metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b":2}]}'
    with pytest.raises(UnreadableError):
        list(Page(body[:end]).objects())

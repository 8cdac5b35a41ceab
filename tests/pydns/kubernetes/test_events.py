from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.kubernetes import events
from pydns.kubernetes.errors import ApiError, GoneError, UnreadableError
from pydns.kubernetes.events import Lines, read_event


@given(st.lists(st.binary(max_size=8), max_size=10))
def test_lines_are_the_same_wherever_they_are_cut(pieces: list[bytes]) -> None:
    lines = Lines()
    found = [line for piece in pieces for line in lines.feed(piece)]
    assert found == [line for line in b"".join(pieces).split(b"\n")[:-1] if line.strip()]


def test_a_line_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST", 10)
    lines = Lines()
    lines.feed(b"12345")
    with pytest.raises(UnreadableError):
        lines.feed(b"678901")


@pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"])
def test_an_event(kind: str) -> None:
    assert read_event(json.dumps({"type": kind, "object": {"a": 1}}).encode()) == (kind, {"a": 1})


@pytest.mark.parametrize(("status", "error"), [
    ({"code": 410, "message": "too old"}, GoneError),
    ({"code": 504, "reason": "Expired"}, GoneError),
    ({"code": 500, "message": "etcd"}, ApiError),
    ({}, ApiError),
    ("text", ApiError),
])  # fmt: skip
def test_an_error(status: object, error: type[ApiError]) -> None:
    with pytest.raises(ApiError) as raised:
        read_event(json.dumps({"type": "ERROR", "object": status}).encode())
    assert type(raised.value) is error


@given(st.binary(max_size=40))
def test_any_bytes_are_refused(line: bytes) -> None:
    with pytest.raises(ApiError):
        read_event(line)

"""The flood."""

import socket

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import BenchmarkError
from benchmarks.pour import Poured, pour, unique


@given(st.integers(0, 9_999_999))
def test_a_query_is_for_the_name_of_its_number(number: int) -> None:
    asked = dnslib.DNSRecord.parse(unique(number))
    assert str(asked.q.qname) == f"flood{number:07}.unanswered.example."


def test_all_is_sent_though_nobody_answers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind(("127.0.0.1", 0))
        poured = pour(hole.getsockname()[1], 500, 0.2)
    assert 0 < poured.sent <= 100
    assert poured == Poured(poured.sent, 0)


def test_its_failure_is_told() -> None:
    with pytest.raises(BenchmarkError, match="failed"):
        pour(-1, 1, 0.1)

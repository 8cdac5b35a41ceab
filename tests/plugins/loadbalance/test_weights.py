from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.names import from_text
from pydns_plugins.loadbalance.weights import Reader, WeightError

WWW, FTP = from_text("www.example.org"), from_text("ftp.example.org")


def read(text: str) -> dict[bytes, dict[bytes, int]]:
    reader = Reader()
    for line in text.split("\n"):
        reader.read(line)
    return reader.weights


def packed(**weights: int) -> dict[bytes, int]:
    return {bytes((192, 0, 2, int(last[1:]))): weight for last, weight in weights.items()}


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("", {}),
        ("# nothing\n\n", {}),
        ("www.example.org\n192.0.2.1 3\n192.0.2.2 255", {WWW: packed(_1=3, _2=255)}),
        ("WWW.Example.ORG.\r\n  192.0.2.1\t007\r\n", {WWW: packed(_1=7)}),
        ("www.example.org\n2001:DB8::1 1", {WWW: {ip_address("2001:db8::1").packed: 1}}),
        ("www.example.org\n192.0.2.1 3\n\nftp.example.org\n192.0.2.1 1", {WWW: packed(_1=3), FTP: packed(_1=1)}),
        ("www.example.org\n#192.0.2.1 3", {WWW: {}}),
        # A name may come again; of two weights the first counts, as in CoreDNS.
        ("www.example.org\n192.0.2.1 3\nwww.example.org\n192.0.2.2 1\n192.0.2.1 9", {WWW: packed(_1=3, _2=1)}),
    ],
)
def test_names_have_weights(text: str, weights: dict[bytes, dict[bytes, int]]) -> None:
    assert read(text) == weights


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("192.0.2.1 3", "line 1: no name stands before the first address"),
        ("www.example.org\n\n192.0.2.1", "line 3: no weight stands behind 192.0.2.1"),
        ("a\n192.0.2 3", "line 2: '192.0.2' is no IP address"),
        ("a\nfe80::1%eth0 3", "line 2: 'fe80::1%eth0' is no IP address"),
        ("a\n192.0.2.1 0", "line 2: '0' is no weight from 1 to 255"),
        ("a\n192.0.2.1 256", "line 2: '256' is no weight from 1 to 255"),
        ("a\n192.0.2.1 -1", "line 2: '-1' is no weight from 1 to 255"),
        ("a\n192.0.2.1 ٣", "line 2: '٣' is no weight from 1 to 255"),
        ("a\n192.0.2.1 1.5", "line 2: '1.5' is no weight from 1 to 255"),
        ("a\n192.0.2.1 3 # three", "line 2: 4 words, where a name or an address and its weight should stand"),
        ("a..b", "line 1: empty label in 'a..b'"),
    ],
)
def test_a_bad_line_is_told(text: str, error: str) -> None:
    with pytest.raises(WeightError) as caught:
        read(text)
    assert str(caught.value) == error


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        weights = read(text)
    except WeightError:
        return
    assert all(1 <= weight <= 255 for known in weights.values() for weight in known.values())

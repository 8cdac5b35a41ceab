from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.services.faults import Path
from pydns.services.lines import header_of, line_of, lines_of

TEXT = """\
namespaces = ["a"]

[services.shop.web]
cluster_ip = "10.0.0.1"
ports = [
    { name = "http", port = 80 },
]
[[services.shop.web.endpoints]]
address = "10.0.0.1"

[[services.shop.web.endpoints]]
address = "10.0.0.2"
[services."default"]
api = { cluster_ip = "10.0.0.3" }
x.cluster_ip = "10.0.0.4"
"""


@pytest.mark.parametrize(("path", "line"), [
    (("namespaces", 0), 1),
    (("services", "shop", "web"), 3),
    (("services", "shop", "web", "cluster_ip"), 4),
    (("services", "shop", "web", "ports", 0, "port"), 5),
    (("services", "shop", "web", "endpoints", 0, "address"), 9),
    (("services", "shop", "web", "endpoints", 1), 11),
    (("services", "shop", "web", "endpoints", 1, "hostname"), 11),
    (("services", "default", "api", "cluster_ip"), 14),
    (("services", "default", "x", "cluster_ip"), 15),
    (("pods",), None),
    ((), None),
])  # fmt: skip
def test_the_line_of_a_value(path: Path, line: int | None) -> None:
    assert line_of(lines_of(TEXT), path) == line


@pytest.mark.parametrize(("line", "header"), [
    ("[a.b]", (("a", "b"), False)),
    ("  [[ a . 'b c' ]] # comment", (("a", "b c"), True)),
    ("a = 1", None),
    ("['10.0.0.1'],", None),
    ("[]", None),
    ("[", None),
])  # fmt: skip
def test_a_header(line: str, header: object) -> None:
    assert header_of(line) == header


@given(st.text(alphabet="[]ab.='\"\n #\\"))
def test_no_text_breaks_it(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in lines_of(text).values())

from __future__ import annotations

import pytest

from pydns.services.faults import SHOWN, Fault, Path, ServicesError, path_text


@pytest.mark.parametrize(("path", "text"), [
    (("services", "shop", "web", "ports", 0, "port"), "services.shop.web.ports[0].port"),
    (("a b", "", "c\n"), "'a b'.''.'c\\n'"),
    ((), ""),
])  # fmt: skip
def test_a_path(path: Path, text: str) -> None:
    assert path_text(path) == text


@pytest.mark.parametrize(("fault", "line"), [
    (Fault((), "no TOML", 7), "f:7: no TOML"),
    (Fault(("a",), "wrong"), "f: a: wrong"),
    (Fault(("a",), "wrong", 3), "f:3: a: wrong"),
    (Fault(("a",), "taken", 3, ("b",), 2), "f:3: a: taken, in line 2"),
    (Fault(("a",), "taken", None, ("b",)), "f: a: taken"),
])  # fmt: skip
def test_a_line(fault: Fault, line: str) -> None:
    assert str(ServicesError("f", [fault])) == line


def test_not_all_of_many_are_told() -> None:
    lines = ServicesError("f", [Fault((), "x")] * (SHOWN + 2)).lines()
    assert (len(lines), lines[-1]) == (SHOWN + 1, "f: 2 more faults")

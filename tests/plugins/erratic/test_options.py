from __future__ import annotations

import pytest

from pydns.errors import CorefileError, CorefileErrorGroup
from pydns_plugins.erratic.options import Options, read_options
from tests.plugins.asking import directives


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("erratic", Options(drop=2)),
        ("erratic\n drop", Options(drop=2)),
        ("erratic\n drop 3", Options(drop=3)),
        ("erratic\n truncate", Options(truncate=2)),
        ("erratic\n truncate 5", Options(truncate=5)),
        ("erratic\n truncate 0", Options(drop=2)),
        ("erratic\n delay", Options(delay=2, duration=0.1)),
        ("erratic\n delay 3", Options(delay=3, duration=0.1)),
        ("erratic\n delay 3 50ms", Options(delay=3, duration=0.05)),
        ("erratic\n delay 3 5ms\n truncate 5", Options(delay=3, duration=0.005, truncate=5)),
        ("erratic\n drop\n delay", Options(drop=2, delay=2)),
        ("erratic\n large", Options(drop=2, large=True)),
        ("erratic\n drop 3\nerratic\n truncate 4", Options(drop=3, truncate=4)),
    ],
)
def test_options_and_defaults_are_coredns_s(text: str, options: Options) -> None:
    assert read_options(directives(text)) == options


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("erratic a", "Corefile:1:2: erratic takes no arguments; 'a' is one too many"),
        ("erratic\n drop -1", "Corefile:2:2: -1 is out of range (between 0 and 2147483647)"),
        ("erratic\n drop 1 2", "Corefile:2:3: drop takes at most 1 argument; '2' is one too many"),
        ("erratic\n truncate often", "Corefile:2:2: 'often' is no whole number"),
        ("erratic\n delay 3 4 5", "Corefile:2:4: delay takes at most 2 arguments; '5' is one too many"),
        ("erratic\n delay 3 50", "Corefile:2:3: '50' is no duration (write it as 30s, 5m, 1h or 500ms)"),
        ("erratic\n large 1", "Corefile:2:2: large takes no arguments; '1' is one too many"),
        ("erratic\n dorp 1", "Corefile:2:1: unknown option of erratic 'dorp' (did you mean 'drop'?)"),
    ],
)
def test_a_wrong_directive_is_told(text: str, error: str) -> None:
    with pytest.raises((CorefileError, CorefileErrorGroup)) as caught:
        read_options(directives(text))
    assert str(caught.value) == error

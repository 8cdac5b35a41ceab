"""A server that does not come to answer."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.errors import ServerError
from benchmarks.probe import free_port
from benchmarks.server import running


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            (sys.executable, "-c", "import sys; sys.exit('no zone')"),
            "x ended by itself with status 1. It said: no zone",
        ),
        ((sys.executable, "-c", ""), "x ended by itself with status 0. It said: nothing"),
        (("/nowhere/x",), "x cannot be started: .*No such file"),
    ],
)
def test_it_is_told_with_the_reason(command: Sequence[str], message: str, tmp_path: Path) -> None:
    with (
        pytest.raises(ServerError, match=message),
        running("x", command, tmp_path, free_port(), "a.example", min(os.sched_getaffinity(0))),
    ):
        pytest.fail("it does not answer")

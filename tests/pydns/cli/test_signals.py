"""Signals that come while the process starts. What comes later is in tests/e2e/test_life.py."""

from __future__ import annotations

import signal
import sys

import pytest

from pydns.cli.signals import RELOADING, STOPPING
from tests.e2e.programs import ROOT, Program

WAITING = """
import time
from pydns.cli.signals import hear_early
hear_early()
print("heard", flush=True)
time.sleep(60)
"""
HELD = """
import os, signal
from pydns.cli.signals import held, let_through
signal.signal(signal.SIGUSR1, lambda number, frame: print("came"))
with held():
    os.kill(os.getpid(), signal.SIGUSR1)
    print("held")
    let_through()
    print("let through")
"""


@pytest.mark.parametrize("number", sorted(STOPPING))
def test_what_stops_the_server_ends_it_before_it_runs(number: signal.Signals) -> None:
    with Program(sys.executable, "-c", WAITING, folder=ROOT) as program:
        program.wait_for("heard")
        program.send(number)
        assert program.wait() == 0


@pytest.mark.parametrize("number", sorted(RELOADING))
def test_what_reloads_it_means_nothing_before_it_runs(number: signal.Signals) -> None:
    with Program(sys.executable, "-c", WAITING, folder=ROOT) as program:
        program.wait_for("heard")
        program.send(number)
        program.send(signal.SIGTERM)
        assert program.wait() == 0


def test_signals_wait_until_they_can_be_received() -> None:
    # In a process of its own: threads of others take what this one does not.
    with Program(sys.executable, "-c", HELD, folder=ROOT) as program:
        assert program.wait() == 0
    assert program.lines == ["held", "came", "let through"]

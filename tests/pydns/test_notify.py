from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from pydns.notify import Notifier, from_environ
from pydns.run import Process
from tests.pydns import life
from tests.pydns.life import BROKEN, FIRST, SECOND, Source


class Supervisor:
    """The receiving end, as systemd has it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        self._heard: list[str] = []

    def heard(self) -> list[str]:
        """All notifications so far."""
        while True:
            try:
                self._heard.append(self.socket.recv(8192).decode())
            except BlockingIOError:
                return self._heard

    async def wait_for(self, count: int) -> list[str]:
        return await life.until(self.heard, lambda heard: len(heard) >= count)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    found = Supervisor(f"{tmp_path}/notify")
    with found.socket:
        yield found


def names(notifications: list[str]) -> list[str]:
    """The first line of each, which says what it is."""
    return [text.split("\n")[0] for text in notifications]


# One notification.


@pytest.mark.parametrize("name", ["{folder}/notify", "@pydns-test-{pid}"])
def test_it_goes_to_a_path_or_an_abstract_name(name: str, tmp_path: Path) -> None:
    supervisor = Supervisor(name.format(folder=tmp_path, pid=os.getpid()))
    with supervisor.socket:
        Notifier(supervisor.name).ready("answering")
        assert supervisor.heard() == ["READY=1\nSTATUS=answering"]


def test_a_reload_tells_its_time(supervisor: Supervisor) -> None:
    notifier = Notifier(supervisor.name)
    notifier.ready("")
    notifier.reloading()
    fields = dict(line.split("=", 1) for line in supervisor.heard()[1].split("\n"))
    assert fields["RELOADING"] == "1"
    assert int(fields["MONOTONIC_USEC"]) > 0


@pytest.mark.parametrize(("steps", "told"), [
    ("ready reloading ready stopping", "READY=1 RELOADING=1 READY=1 STOPPING=1"),
    ("ready reloading reloading ready", "READY=1 RELOADING=1 READY=1"),
    ("ready ready", "READY=1"),
    ("reloading ready", "READY=1"),  # the start is no reload
    ("ready reloading stopping ready reloading", "READY=1 RELOADING=1 STOPPING=1"),
    ("stopping stopping ready", "STOPPING=1"),
])  # fmt: skip
def test_steps_are_told_once_and_in_order(steps: str, told: str, supervisor: Supervisor) -> None:
    notifier = Notifier(supervisor.name)
    take: dict[str, Callable[[], None]] = {
        "ready": partial(notifier.ready, ""),
        "reloading": notifier.reloading,
        "stopping": notifier.stopping,
    }
    for step in steps.split():
        take[step]()
    assert names(supervisor.heard()) == told.split()


def test_another_status_is_told(supervisor: Supervisor) -> None:
    notifier = Notifier(supervisor.name)
    notifier.ready("one")
    notifier.ready("two")
    assert supervisor.heard() == ["READY=1\nSTATUS=one", "READY=1\nSTATUS=two"]


@given(st.text(max_size=5000))
def test_a_status_is_one_line_of_bounded_length(text: str) -> None:
    supervisor = Supervisor(f"@pydns-status-{os.getpid()}")
    with supervisor.socket:
        Notifier(supervisor.name).ready(text)
        (told,) = supervisor.heard()
    assert len(told.split("\n")) == 2


# Nobody, or somebody else, listens.


def test_without_an_address_nothing_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier()
    notifier.ready("")
    notifier.stopping()
    assert caplog.messages == []


@pytest.mark.parametrize("address", ["/nonexistent/notify", "@nobody-has-this-name", f"/{'x' * 200}"])
def test_a_supervisor_that_is_not_there_is_told_of_once(address: str, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier(address)
    notifier.ready("")
    notifier.stopping()
    (message,) = caplog.messages
    assert message.startswith(f"cannot notify {address}: ")


def test_a_supervisor_that_comes_back_is_told_again(supervisor: Supervisor) -> None:
    notifier = Notifier(supervisor.name)
    notifier.ready("")
    supervisor.socket.close()
    os.unlink(supervisor.name)
    notifier.reloading()  # lost
    again = Supervisor(supervisor.name)
    with again.socket:
        notifier.ready("")
        assert names(again.heard()) == ["READY=1"]


async def test_what_finds_no_room_is_sent_when_there_is_some(
    supervisor: Supervisor, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    """Until then nothing blocks, and nothing is out of order."""
    notifier = Notifier(supervisor.name)
    nursery.start_soon(notifier.run)
    # Far more than a receiver's queue holds (net.unix.max_dgram_qlen), unless that was raised.
    wanted = [f"READY=1\nSTATUS={number}" for number in range(90)]
    for number in range(90):
        notifier.ready(str(number))
    assert await supervisor.wait_for(90) == wanted
    assert caplog.messages == []
    nursery.cancel_scope.cancel()


# The watchdog.


async def test_the_loop_shows_that_it_lives_at_half_of_the_time(
    supervisor: Supervisor, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    nursery.start_soon(Notifier(supervisor.name, 10.0).run)
    await trio.sleep(21)  # of the mock clock
    assert supervisor.heard() == ["WATCHDOG=1"] * 5
    nursery.cancel_scope.cancel()


async def test_without_a_watchdog_it_says_nothing(
    supervisor: Supervisor, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    nursery.start_soon(Notifier(supervisor.name).run)
    await trio.sleep(1000)
    assert supervisor.heard() == []
    nursery.cancel_scope.cancel()


# What the environment says.


@pytest.mark.parametrize(("environ", "notified", "beats"), [
    ({}, False, False),
    ({"NOTIFY_SOCKET": "{}"}, True, False),
    ({"NOTIFY_SOCKET": "{}", "WATCHDOG_USEC": "10000000"}, True, True),
    ({"NOTIFY_SOCKET": "{}", "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "7"}, True, True),
    ({"NOTIFY_SOCKET": "{}", "WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "8"}, True, False),
    ({"NOTIFY_SOCKET": "{}", "WATCHDOG_USEC": "soon"}, True, False),
    ({"NOTIFY_SOCKET": "{}", "WATCHDOG_USEC": "0"}, True, False),
    ({"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "10000000"}, False, False),
])  # fmt: skip
async def test_the_environment_says_whom_to_tell(
    environ: dict[str, str],
    notified: bool,
    beats: bool,
    supervisor: Supervisor,
    nursery: trio.Nursery,
    autojump_clock: trio.testing.MockClock,
) -> None:
    notifier = from_environ({name: value.format(supervisor.name) for name, value in environ.items()}, 7)
    notifier.ready("")
    nursery.start_soon(notifier.run)
    await trio.sleep(7)
    heard = names(supervisor.heard())
    assert ("READY=1" in heard, "WATCHDOG=1" in heard) == (notified, beats)
    nursery.cancel_scope.cancel()


def test_children_inherit_none_of_it() -> None:
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/"}
    from_environ(environ, 7)
    assert environ == {"HOME": "/"}


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"), st.text())))
def test_no_environment_breaks_it(environ: dict[str, str]) -> None:
    if environ.get("NOTIFY_SOCKET", "").startswith("/"):
        environ["NOTIFY_SOCKET"] = f"/nonexistent{environ['NOTIFY_SOCKET']}"
    from_environ(environ, 7).ready("")


# The process.


@asynccontextmanager
async def running(source: Source, supervisor: Supervisor) -> AsyncIterator[Process]:
    process = Process(source, notifier=Notifier(supervisor.name))
    async with trio.open_nursery() as nursery:
        await nursery.start(process.run)
        yield process
        nursery.cancel_scope.cancel()


async def test_a_reload_is_told_with_its_end(supervisor: Supervisor) -> None:
    source = Source(FIRST)
    async with running(source, supervisor) as process:
        source.text = SECOND
        process.reload()
        heard = await supervisor.wait_for(3)
    assert names(heard) == ["READY=1", "RELOADING=1", "READY=1"]
    assert heard[2].endswith("STATUS=answering at dns://127.0.0.1:0")


async def test_a_reload_that_fails_is_told_with_its_reason(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    source = Source(FIRST)
    async with running(source, supervisor) as process:
        source.text = BROKEN
        process.reload()
        heard = await supervisor.wait_for(3)
    assert names(heard[:3]) == ["READY=1", "RELOADING=1", "READY=1"]
    assert "reload failed: Corefile:3:2: unknown plugin 'host'" in heard[2]


async def test_the_end_is_told(supervisor: Supervisor) -> None:
    async with running(Source(FIRST), supervisor) as process:
        process.stop()
        await process.stopped.wait()
    assert names(supervisor.heard()) == ["READY=1", "STOPPING=1"]

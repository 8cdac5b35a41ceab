import logging
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns import logs
from pydns.logs import Handler, LineWriter, configure, debugging, is_logged, mark_logged, prefix, printable
from pydns.metrics import Metrics


class Pipe:
    """A pipe whose reading end the test empties or not."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()

    def fill(self) -> None:
        os.set_blocking(self.into, False)
        try:
            while True:
                os.write(self.into, b"x" * 65536)
        except BlockingIOError:
            os.set_blocking(self.into, True)

    def text(self) -> str:
        """All that was written; closes both ends."""
        os.close(self.into)
        with open(self.out, "rb") as file:
            self.out = -1
            self.into = -1
            return file.read().decode()

    def close(self) -> None:
        for descriptor in (self.out, self.into):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


@pytest.fixture
def loggers() -> Iterator[None]:
    """The process's loggers, put back as they were."""
    root, base = logging.getLogger(), logging.getLogger("pydns")
    handlers, level, configured = root.handlers[:], base.level, logs._level.configured
    yield
    root.handlers[:] = handlers
    base.setLevel(level)
    logs._level.configured = configured
    for room in logs.ROOMS:
        logging.getLogger(f"pydns.{room}").setLevel(logging.NOTSET)


def record(message: str, *args: object, level: int = logging.INFO, name: str = "pydns.run") -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, args, None)


def test_lines_come_out_whole_and_in_order(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    writer.start()
    for i in range(500):
        assert writer.write(f"line {i}")
    writer.close(5)
    assert pipe.text() == "".join(f"line {i}\n" for i in range(500))
    assert writer.dropped == 0


def test_lines_from_before_the_start_are_kept(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    writer.write("early")
    writer.start()
    writer.close(5)
    assert pipe.text() == "early\n"


def test_lines_leave_while_the_writer_is_open(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    writer.start()
    try:
        for text in (b"one\n", b"two\n"):
            writer.write(text.decode().rstrip())
            assert os.read(pipe.out, 100) == text
    finally:
        writer.close(5)


@pytest.mark.parametrize("length", [4095, 4096, 4097, 30_000])
def test_a_line_longer_than_one_write_comes_out_whole(pipe: Pipe, length: int) -> None:
    writer = LineWriter(pipe.into)
    for text in ("before", "x" * length, "after"):
        writer.write(text)
    writer.start()
    writer.close(5)
    assert pipe.text() == f"before\n{'x' * length}\nafter\n"


def test_text_that_is_no_utf8_is_escaped(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    writer.write("häß\udcff")
    writer.start()
    writer.close(5)
    assert pipe.text() == "häß\\udcff\n"


def test_lines_beyond_the_count_are_dropped_and_counted(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into, most_lines=3)
    assert [writer.write("line") for _ in range(5)] == [True, True, True, False, False]
    assert writer.dropped == 2


def test_lines_beyond_the_characters_are_dropped_and_counted(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into, most_characters=10)
    assert [writer.write(text) for text in ("x" * 11, "x" * 6, "x" * 5, "x" * 4)] == [False, True, False, True]
    assert writer.dropped == 2


def test_room_comes_back_when_lines_were_written(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into, most_lines=1, most_characters=3)
    writer.start()
    try:
        for text in (b"one\n", b"two\n"):
            while not writer.write(text.decode().rstrip()):
                time.sleep(0.001)
            os.read(pipe.out, 4096)
    finally:
        writer.close(5)


def test_the_log_tells_how_many_lines_were_dropped(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into, most_lines=1)
    for text in ("kept", "lost", "lost"):
        writer.write(text)
    writer.start()
    writer.close(5)
    assert pipe.text() == "kept\n[WARNING] 2 lines of the log were dropped\n"


def test_nobody_waits_for_a_pipe_that_is_full(pipe: Pipe) -> None:
    pipe.fill()
    writer = LineWriter(pipe.into, most_lines=100)
    writer.start()
    began = time.monotonic()
    taken = sum(writer.write("line") for _ in range(50_000))
    assert time.monotonic() - began < 2  # no wait: 50,000 times a lock and a comparison
    assert taken == 100
    assert writer.dropped == 49_900
    writer.close(0)


def test_close_gives_up_a_full_pipe_at_its_deadline(pipe: Pipe) -> None:
    pipe.fill()
    writer = LineWriter(pipe.into)
    writer.start()
    writer.write("line")
    began = time.monotonic()
    writer.close(0.2)
    assert 0.2 <= time.monotonic() - began < 3
    assert writer.dropped == 1


def test_a_pipe_that_is_emptied_again_takes_the_waiting_lines(pipe: Pipe) -> None:
    pipe.fill()
    writer = LineWriter(pipe.into)
    writer.start()
    writer.write("patient")
    reader = threading.Thread(target=lambda: os.read(pipe.out, 1 << 20))
    reader.start()
    reader.join()
    writer.close(5)
    assert writer.dropped == 0
    assert pipe.text().endswith("patient\n")


def test_a_descriptor_in_non_blocking_mode_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.into, False)
    got = bytearray()

    def read() -> None:
        while piece := os.read(pipe.out, 3000):
            got.extend(piece)

    writer = LineWriter(pipe.into)
    writer.start()
    reader = threading.Thread(target=read)
    reader.start()
    for i in range(5000):
        writer.write(f"{i:099}")
    writer.close(10)
    os.close(pipe.into)
    pipe.into = -1
    reader.join()
    assert got.decode() == "".join(f"{i:099}\n" for i in range(5000))


def test_a_reader_that_went_away_stops_nobody(pipe: Pipe) -> None:
    os.close(pipe.out)
    pipe.out = -1
    writer = LineWriter(pipe.into)
    writer.start()
    writer.write("into the void")
    while not writer.dropped:
        time.sleep(0.001)
    assert writer.write("still taken")
    writer.close(5)
    assert writer.dropped == 2


def test_a_full_disk_loses_lines_and_the_log_goes_on_when_there_is_room(tmp_path: Path) -> None:
    # RLIMIT_FSIZE fails a write behind a size, after a short one, as a full disk does.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    descriptor = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    writer = LineWriter(descriptor)
    writer.start()
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        writer.write("a line of over ten characters")
        while not writer.dropped:
            time.sleep(0.001)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    writer.write("room again")
    writer.close(5)
    os.close(descriptor)
    assert (tmp_path / "log").read_text().split("\n") == [
        "a line of ",
        "room again",
        "[WARNING] 1 lines of the log were dropped",
        "",
    ]


def test_a_line_after_the_close_is_dropped(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    writer.start()
    writer.close(5)
    assert not writer.write("late")
    assert writer.dropped == 1


def test_lines_of_many_threads_all_arrive(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    threads = [threading.Thread(target=lambda: [writer.write("x") for _ in range(1000)]) for _ in range(8)]
    writer.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close(5)
    assert pipe.text() == "x\n" * 8000


def test_dropped_lines_are_a_metric(pipe: Pipe) -> None:
    metrics = Metrics()
    writer = LineWriter(pipe.into, most_lines=0)
    writer.count_in(metrics)
    writer.write("lost")
    assert {metric.name: metric.value() for metric in metrics.read()} == {"pydns_log_dropped_total": 1}


@pytest.mark.parametrize(
    ("logger", "text"),
    [
        ("pydns", ""),
        ("pydns.run", ""),
        ("pydns.corefile.values", ""),
        ("pydns.hosts", "plugin/hosts: "),
        ("pydns.kubernetes.client", "plugin/kubernetes: "),
        ("hypercorn.error", "hypercorn.error: "),
        ("pydnsx.run", "pydnsx.run: "),
    ],
)
def test_plugins_speak_with_their_name_and_the_server_without(logger: str, text: str) -> None:
    assert prefix(logger) == text


@pytest.mark.parametrize(
    ("level", "word"),
    [
        (logging.DEBUG, "DEBUG"),
        (logging.INFO, "INFO"),
        (logging.WARNING, "WARNING"),
        (logging.ERROR, "ERROR"),
        (logging.CRITICAL, "FATAL"),
        (25, "Level 25"),
    ],
)
def test_levels_are_written_as_coredns_does(level: int, word: str) -> None:
    line = Handler(LineWriter()).format(record("%s of %d", "reload", 3, level=level, name="pydns.hosts"))
    assert line == f"[{word}] plugin/hosts: reload of 3"


def test_a_message_cannot_forge_a_line() -> None:
    line = Handler(LineWriter()).format(record("bad name %s", "a\n[INFO] all well\r\x1b[2K"))
    assert line == "[INFO] bad name a\\n[INFO] all well\\r\\x1b[2K"


def test_a_traceback_stands_indented_below_its_line() -> None:
    entry = record("query failed")
    try:
        raise ValueError("first\n[INFO] second")
    except ValueError as error:
        entry.exc_info = (type(error), error, error.__traceback__)
    first, *rest = Handler(LineWriter()).format(entry).split("\n")
    assert first == "[INFO] query failed"
    assert all(step.startswith("    ") for step in rest)
    assert rest[-2:] == ["    ValueError: first", "    [INFO] second"]


def test_arguments_that_do_not_fit_are_told_and_do_not_raise(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    Handler(writer).handle(record("%d entries", "many"))
    writer.start()
    writer.close(5)
    assert pipe.text().startswith("[ERROR] unreadable message '%d entries': ")


@given(st.text())
def test_printable_text_has_no_line_ends_and_no_control_characters(text: str) -> None:
    assert printable(text).isprintable()


@pytest.mark.usefixtures("loggers")
def test_configure_sends_records_to_the_writer_of_the_last_call(pipe: Pipe) -> None:
    configure(LineWriter(pipe.into))
    writer = LineWriter(pipe.into)
    configure(writer)
    logging.getLogger("pydns.hosts").info("told once")
    logging.getLogger("pydns.hosts").debug("not told")
    logging.getLogger("elsewhere").info("not told")
    logging.getLogger("elsewhere").warning("told")
    writer.start()
    writer.close(5)
    assert pipe.text() == "[INFO] plugin/hosts: told once\n[WARNING] elsewhere: told\n"


@pytest.mark.usefixtures("loggers")
def test_quiet_leaves_out_what_the_server_says_of_itself_but_no_warnings(pipe: Pipe) -> None:
    writer = LineWriter(pipe.into)
    configure(writer, quiet=True)
    for name in ("run", "hosts"):
        logging.getLogger(f"pydns.{name}").info("info")
        logging.getLogger(f"pydns.{name}").warning("warning")
    writer.start()
    writer.close(5)
    assert pipe.text() == "[WARNING] warning\n[INFO] plugin/hosts: info\n[WARNING] plugin/hosts: warning\n"


@pytest.mark.usefixtures("loggers")
def test_debugging_lasts_until_the_last_context_is_closed() -> None:
    configure(LineWriter(), logging.ERROR)
    hosts = logging.getLogger("pydns.hosts")
    levels = []
    with debugging():
        with debugging():
            levels.append(hosts.getEffectiveLevel())
        levels.append(hosts.getEffectiveLevel())
    levels.append(hosts.getEffectiveLevel())
    assert levels == [logging.DEBUG, logging.DEBUG, logging.ERROR]


def test_an_error_that_was_logged_says_so() -> None:
    error = ValueError("x")
    assert not is_logged(error)
    mark_logged(error)
    assert is_logged(error)

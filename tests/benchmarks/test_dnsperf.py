"""What dnsperf says, read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dnsperf import Load, arguments, parse_latencies, parse_load, together
from benchmarks.errors import BenchmarkError
from benchmarks.workloads import Manner

STATISTICS = """\
Statistics:

  Queries sent:         1010
  Queries completed:    1000 (99.01%)
  Queries lost:         10 (0.99%)

  Response codes:       NOERROR 990 (99.00%), SERVFAIL 7 (0.70%), NXDOMAIN 3 (0.30%)
  Average packet size:  request 33, response 49
  Run time (s):         2.500000
  Queries per second:   400.000000

  Average Latency (s):  0.000112 (min 0.000058, max 0.000289)
  Latency StdDev (s):   0.000083
"""

VERBOSE = """\
[Status] Sending queries (to 127.0.0.1:5301)
> NOERROR b.bench.example A 0.000244
> T c.bench.example A 2.000000
> SERVFAIL a.bench.example A 0.000072
[Timeout] Query timed out: msg id 1
"""

line = st.sampled_from([*STATISTICS.splitlines(), *VERBOSE.splitlines()]) | st.text(max_size=40)


def test_statistics_are_read() -> None:
    rcodes = {"NOERROR": 990, "SERVFAIL": 7, "NXDOMAIN": 3}
    assert parse_load(STATISTICS) == Load(completed=1000, lost=10, seconds=2.5, rcodes=rcodes)


@pytest.mark.parametrize(("rcode", "others"), [("NOERROR", 10), ("NXDOMAIN", 997), ("REFUSED", 1000)])
def test_answers_are_counted_that_say_otherwise(rcode: str, others: int) -> None:
    assert parse_load(STATISTICS).others_than(rcode) == others


def test_interrupted_queries_are_lost() -> None:
    interrupted = "  Queries interrupted:  5 (0.50%)\n"
    assert parse_load(STATISTICS + interrupted).lost == 15


def test_a_run_without_answers_has_no_wrong_ones() -> None:
    lines = [line for line in STATISTICS.splitlines() if "Response codes" not in line]
    assert parse_load("\n".join(lines)).others_than("NOERROR") == 0


def test_what_several_did_at_once_is_added_up() -> None:
    loads = [Load(100, 1, 2.0, {"NOERROR": 99, "REFUSED": 1}), Load(50, 0, 2.5, {"NOERROR": 50})]
    assert together(loads) == Load(150, 1, 2.5, {"NOERROR": 149, "REFUSED": 1})
    assert together(loads[:1]) == loads[0]


def test_runs_that_were_not_at_once_are_an_error() -> None:
    with pytest.raises(BenchmarkError, match="ran for 2 s and beside it for 6 s"):
        together([Load(100, 0, 2.0), Load(100, 0, 6.0)])


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        (Manner(), "-c 20"),
        (Manner(clients=100, tcp=True), "-c 100"),
        (Manner(tcp=True), "-m tcp"),
        (Manner(option="10:0123"), "-E 10:0123"),
    ],
)
def test_the_manner_of_asking_stands_on_the_command_line(manner: Manner, words: str) -> None:
    assert words in " ".join(arguments(5301, Path("/queries"), manner))


@pytest.mark.parametrize("missing", ["Queries completed", "Queries lost", "Run time (s)"])
def test_statistics_without_a_figure_are_an_error(missing: str) -> None:
    text = "\n".join(line for line in STATISTICS.splitlines() if missing not in line)
    with pytest.raises(BenchmarkError, match="not understood"):
        parse_load(text)


def test_latencies_are_those_of_answers_and_sorted() -> None:
    assert parse_latencies(VERBOSE) == [0.000072, 0.000244]


@given(st.lists(line, max_size=20).map("\n".join))
def test_any_output_is_read_or_a_clear_error(text: str) -> None:
    assert parse_latencies(text) == sorted(parse_latencies(text))
    try:
        load = parse_load(text)
    except BenchmarkError:
        return
    assert load.completed >= 0

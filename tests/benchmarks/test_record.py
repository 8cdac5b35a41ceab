"""The JSON file."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import record
from benchmarks.errors import BenchmarkError
from benchmarks.figures import FIGURES, Result
from benchmarks.record import as_json, goals_as_json, plain, read, results_in, write

OURS = Result("hosts", "pydns", ({"lost": 1.0},), {"cpu_microseconds": 10.0})
PEER = Result("hosts", "nsd", ({"lost": 0.0},), {"cpu_microseconds": 4.0})

figures = st.dictionaries(st.sampled_from(sorted(FIGURES)), st.floats(allow_infinity=False, allow_nan=False))


def test_the_ratios_stand_beside_the_peer() -> None:
    ours, peer = as_json([OURS, PEER])
    assert "ratios" not in ours
    assert peer["ratios"] == {"cpu_microseconds": 2.5}


def test_goals_stand_with_their_verdict() -> None:
    first = goals_as_json([OURS, PEER])[0]
    assert first == {
        "workload": "hosts",
        "figure": "cpu_microseconds",
        "most": 1.2,
        "peer": "nsd",
        "value": 2.5,
        "met": False,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [(math.nan, None), ({"a": (1, math.inf)}, {"a": [1, None]}), ("x", "x"), (1.5, 1.5)],
)
def test_json_knows_no_nan(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_a_file_is_written_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "results" / "now.json"
    write(path, {"results": as_json([OURS])})
    assert json.loads(path.read_text())["results"][0]["server"] == "pydns"


@given(st.lists(st.builds(Result, st.just("hosts"), st.text(), st.lists(figures).map(tuple), figures)))
def test_what_was_written_is_read_again(results: list[Result]) -> None:
    assert results_in(json.loads(json.dumps(plain({"results": as_json(results)})))) == results


def test_a_value_that_was_not_there_is_none_again() -> None:
    (result,) = results_in({"results": [{"workload": "hosts", "server": "x", "runs": [], "figures": {"lost": None}}]})
    assert math.isnan(result.figures["lost"])


def test_a_workload_that_is_no_more_is_left_out() -> None:
    assert results_in({"results": [{"workload": "older", "server": "x", "runs": [], "figures": {}}]}) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"results": 1}'])
def test_another_file_is_a_clear_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=r"other\.json"):
        read(path)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be read"):
        record.read(tmp_path / "none.json")

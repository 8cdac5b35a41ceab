"""Measures our server and its peers side by side: `python3 -m benchmarks --help`."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime
from typing import NoReturn

from benchmarks import cores, dnsperf, facts, peers, python, record, report
from benchmarks.errors import BenchmarkError
from benchmarks.figures import Result
from benchmarks.measuring import measure
from benchmarks.measuring.site import Outcome, Plan
from benchmarks.options import Options, read_options
from benchmarks.workloads import WORKLOADS


def main() -> int:
    options = read_options()
    signal.signal(signal.SIGTERM, _end)  # raises, so that servers are stopped and folders removed then, too
    try:
        used = cores.choose()
        with cores.pinned(used.load):
            return run(options, used)
    except BenchmarkError as error:
        _tell(f"benchmarks: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def run(options: Options, used: cores.Cores) -> int:
    """The process's status: 0 where all was measured that was asked for."""
    taken = datetime.now(UTC)
    dnsperf.program()
    _tell("preparing the Python of our server")
    interpreter = python.environment_of(options.python)
    servers = peers.make(options.servers, interpreter, options.profile)
    surroundings = facts.gather(servers, interpreter)
    print("\n".join((*facts.told(surroundings), report.method(options))))

    plan = Plan(options.rounds, options.seconds, used, _tell)
    results: list[Result] = []
    failures: dict[str, dict[str, str]] = {}
    absent: dict[str, dict[str, str]] = {}
    for name in options.workloads:
        try:
            outcome = measure(WORKLOADS[name], servers, plan)
        except BenchmarkError as error:
            outcome = Outcome(failures={"all": str(error)})
        results += outcome.results
        failures[name], absent[name] = outcome.failures, outcome.absent
        print("\n" + report.table(WORKLOADS[name], outcome.results, outcome.absent), flush=True)

    path = options.json or python.ROOT / "benchmarks" / "results" / f"{taken:%Y%m%dT%H%M%SZ}.json"
    settings = {"rounds": options.rounds, "seconds": options.seconds, "profile": options.profile}
    head = {"taken": taken.isoformat(timespec="seconds"), "settings": settings, **surroundings}
    found = {"results": record.as_json(results), "goals": record.goals_as_json(results)}
    record.write(path, {**head, **found, "left_out": absent, "failures": failures})
    print(f"\nwritten to {path}")
    for name, reasons in failures.items():
        for reason in reasons.values():
            _tell(f"benchmarks: {name}: {reason}")
    return 1 if any(failures.values()) else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _end(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())

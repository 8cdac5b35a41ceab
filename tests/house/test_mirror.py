"""Each source file has its test file, at the same place in tests/."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Files that another file's tests cover whole, or that hold nothing but types.
COVERED_BY = {
    "pydns/__main__.py": "tests/e2e/test_life.py",
    "pydns/dnssec/algorithm.py": "tests/pydns/dnssec/test_keyfiles.py",
    "pydns/dnssec/key.py": "tests/pydns/dnssec/test_ds.py",
    "pydns/dnssec/private.py": "tests/pydns/dnssec/test_keyfiles.py",
    "pydns/signing/job.py": "tests/pydns/signing/test_signing.py",
    "pydns/signing/plan.py": "tests/pydns/signing/test_signing.py",
    "pydns/signing/signer.py": "tests/pydns/signing/test_signing.py",
    "pydns/serving.py": "tests/pydns/test_run.py",
    "pydns/collector.py": "tests/e2e/test_life.py",
    "pydns/workers/group.py": "tests/pydns/workers/test_workers.py",
    "pydns/workers/parts.py": "tests/pydns/workers/test_workers.py",
    "pydns/workers/relatives.py": "tests/pydns/workers/test_workers.py",
    "pydns/workers/child.py": "tests/pydns/workers/test_workers.py",
    "pydns/workers/worker.py": "tests/e2e/test_multisocket.py",
    "pydns/searchpath.py": "tests/plugins/autopath/test_autopath.py",
    "pydns/settings.py": "tests/pydns/test_setup.py",
    "pydns/relay.py": "tests/pydns/test_relaylane.py",
    "pydns/refusal.py": "tests/pydns/test_server_refusals.py",
    "pydns/http.py": "tests/pydns/listen/test_http.py",
    "pydns/plugin.py": "tests/plugins/test_readme_example.py",
    "pydns/testing.py": "tests/e2e/test_queries.py",
    "pydns/zone/rrset.py": "tests/pydns/zone/test_zone.py",
    "pydns/zone/checks.py": "tests/pydns/zone/test_inspection.py",
    "pydns/zone/master/reading.py": "tests/pydns/zone/master/test_reader.py",
    "pydns/zone/master/state.py": "tests/pydns/zone/master/test_plain.py",
    "pydns/zone/master/fields.py": "tests/pydns/zone/master/test_rdata.py",
    "pydns/zone/node.py": "tests/pydns/zone/test_builder.py",
    "pydns/zone/counts.py": "tests/pydns/zone/test_following.py",
    "pydns/listen/taker.py": "tests/pydns/listen/test_tcp.py",
    "pydns/listen/bound.py": "tests/pydns/test_run.py",
    "pydns/corefile/tree.py": "tests/pydns/corefile/test_parser.py",
    "pydns/cluster/answers.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/cluster/chase.py": "tests/plugins/kubernetes/test_external.py",
    "pydns/cluster/lookup.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/cluster/node_ports.py": "tests/plugins/kubernetes/test_node_ports.py",
    "pydns/cluster/plugin.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/cluster/packing.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/cluster/pods.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/cluster/reverse.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/cluster/services.py": "tests/plugins/kubernetes/test_kubernetes.py",
    "pydns/transfer/errors.py": "tests/pydns/transfer/test_incoming.py",
    "pydns/transfer/link.py": "tests/pydns/transfer/test_client.py",
    "pydns/transfer/signing.py": "tests/pydns/transfer/test_client.py",
    "pydns/upstream/limits.py": "tests/pydns/upstream/test_pool.py",
    "pydns/upstream/upstream.py": "tests/pydns/upstream/test_pool.py",
    "pydns/upstream/testing.py": "tests/pydns/upstream/test_exchange.py",
}


def sources() -> list[str]:
    found = [*(ROOT / "pydns").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found if _has_code(path))


def _has_code(path: Path) -> bool:
    """More than a docstring."""
    return path.name != "__init__.py" or len(path.read_text().splitlines()) > 3


@pytest.mark.parametrize("source", sources())
def test_it_has_a_test(source: str) -> None:
    if source in COVERED_BY:
        assert (ROOT / COVERED_BY[source]).is_file()
        return
    path = Path(source.replace("plugins/pydns_plugins", "plugins"))
    name = f"test_{path.parent.name}.py" if path.name == "__init__.py" else f"test_{path.name}"
    own = ROOT / "tests" / path.parent / name
    whole = ROOT / "tests" / path.parent / f"test_{path.parent.name}.py"  # a small part, tested through its plugin
    assert own.is_file() or whole.is_file(), f"no {own.relative_to(ROOT)}"

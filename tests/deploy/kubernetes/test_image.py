"""The image: what goes into it, and that its interpreter takes port 53 without root. Building it wants Docker."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.deploy.kubernetes.containers import DOCKERFILE, ENVIRON, build, confined, skip_where_impossible
from tests.deploy.kubernetes.kustomize import FOLDER, containers, pod_spec, workloads
from tests.e2e.programs import ROOT, Program, dig
from tests.lab.network import Host, Network

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COREFILE = ". {\n    bind 127.0.0.1\n    hosts {\n        192.0.2.1 example.org\n    }\n}\n"
NET_BIND_SERVICE = 1 << 10


def copied() -> list[str]:
    """What of the checkout goes into the build."""
    lines = re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    return [word for line in lines for word in line.split()]


def instruction(name: str) -> str:
    """The last of this name."""
    found: str = re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)[-1]
    return found


def test_what_is_copied_builds_the_wheel(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name)
        else:
            shutil.copy(ROOT / name, source / name)
    command = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, source)
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert list(tmp_path.glob("pydns_server-*.whl"))


def test_what_is_copied_and_nothing_else_is_sent_to_the_build() -> None:
    lines = [line for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] != "#"]
    assert lines[0] == "*"
    assert [line.removeprefix("!") for line in lines if line.startswith("!")] == copied()
    assert any(fnmatch("pydns/__pycache__", line) for line in lines[1:])


def test_all_that_is_optional_at_work_is_installed() -> None:
    """Extras: what a Corefile may ask for, but for what the tests need."""
    (line,) = re.findall(r"^RUN pip .* install .*?(\.\S*)$", DOCKERFILE, re.MULTILINE)
    extras = set(re.findall(r"\w[\w-]*", line))
    assert set(PROJECT["optional-dependencies"]) - {"test"} <= extras


def test_its_python_is_one_that_pydns_runs_on() -> None:
    (version,) = re.findall(r"^ARG BASE=python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE)
    assert version in SpecifierSet(PROJECT["requires-python"])


def test_its_user_is_the_one_of_the_manifests() -> None:
    contexts = [pod_spec(workload)["securityContext"] for workload in workloads()]
    assert {f"{each['runAsUser']}:{each['runAsGroup']}" for each in contexts} == {instruction("USER")}


def test_it_runs_what_coredns_image_runs() -> None:
    """The command line alone: so the image fits into CoreDNS's Deployment."""
    assert instruction("ENTRYPOINT") == '["/opt/pydns/bin/pydns"]'
    assert all("command" not in each for workload in workloads() for each in pod_spec(workload)["containers"])


def test_the_node_is_given_its_address_by_a_program_of_the_image() -> None:
    specs = map(pod_spec, workloads())
    (command,) = [each["command"] for spec in specs for each in containers(spec) if "command" in each]
    assert command[0] in shlex.split(DOCKERFILE, comments=True)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    skip_where_impossible()
    return build(tmp_path_factory.mktemp("image") / "pydns")


@pytest.fixture(scope="module")
def network(image: Path) -> Iterator[Network]:
    network = Network(f"pydns-image-{os.getpid()}")
    try:
        network.build(Host("pod", "198.51.100.1"))
        yield network
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespace can be made here: {error.stderr.strip()}")
    finally:
        network.remove()


def started(network: Network, corefile: Path, python: Path, capability: str) -> Program:
    corefile.write_text(COREFILE)
    words = confined(capability, str(python), "-m", "pydns", "-conf", str(corefile))
    return Program(*network.inside("pod", *words), environ=ENVIRON)


def test_its_interpreter_takes_port_53_by_the_one_capability(image: Path, network: Network, tmp_path: Path) -> None:
    with started(network, tmp_path / "Corefile", image / "bin/python", "NET_BIND_SERVICE") as program:
        program.wait_for("pydns-")
        assert dig(53, "example.org", inside=network.namespace("pod")).data == ["192.0.2.1"]
        status = Path(f"/proc/{program.process.pid}/status").read_text()
        sets = re.findall(r"^Cap(Prm|Eff|Bnd|Amb|Inh):\s+(\w+)$", status, re.MULTILINE)
        one = f"{NET_BIND_SERVICE:016x}"
        none = f"{0:016x}"
        assert dict(sets) == {"Prm": one, "Eff": one, "Bnd": one, "Amb": none, "Inh": none}


def test_workers_have_it_as_well(image: Path, network: Network, tmp_path: Path) -> None:
    corefile = tmp_path / "Corefile"
    with_workers = COREFILE.replace("bind", "multisocket 2\n    bind")
    corefile.write_text(with_workers)
    words = confined("NET_BIND_SERVICE", str(image / "bin/python"), "-m", "pydns", "-conf", str(corefile))
    with Program(*network.inside("pod", *words), environ=ENVIRON) as program:
        program.wait_for("pydns-")
        assert dig(53, "example.org", inside=network.namespace("pod")).data == ["192.0.2.1"]


def test_an_interpreter_as_it_comes_would_not(image: Path, network: Network, tmp_path: Path) -> None:
    plain = tmp_path / "python"
    shutil.copy(image / "bin/python", plain)  # the capability of a file is not copied
    with started(network, tmp_path / "Corefile", plain, "NET_BIND_SERVICE") as program:
        assert program.wait() == 1
    assert program.count("cannot listen on 127.0.0.1:53: Permission denied") == 1


def test_without_the_capability_it_does_not_start(image: Path, network: Network, tmp_path: Path) -> None:
    """As a container that drops ALL and adds nothing."""
    with started(network, tmp_path / "Corefile", image / "bin/python", "") as program:
        assert program.wait() != 0
    assert program.count("Operation not permitted") == 1

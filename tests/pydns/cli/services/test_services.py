from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pydns.cli import services
from pydns.cli.services.changes import endpoint_table, service_name, service_table
from pydns.errors import PydnsError
from pydns.services.reader import read


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> None:
    assert services.run(words) == 0


def test_a_file_is_made_and_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("add", "web.shop", "--cluster-ip", "10.96.1.10", "--cluster-ip", "fd00::10", "--port", "http:80")
    run("add", "db.shop", "--headless", "--port", "pg:5432/tcp")
    run("add", "ext.other", "--external-name", "www.example.com")
    run("endpoint", "add", "db.shop", "10.244.0.21", "--hostname", "db-0", "--node", "a", "--zone", "b", "--pod", "c")
    run("endpoint", "add", "db.shop", "10.244.0.22", "--not-ready")
    capsys.readouterr()
    run("list")
    assert capsys.readouterr().out.splitlines() == [
        "NAME       TYPE          ADDRESSES            PORTS        READY",
        "web.shop   ClusterIP     10.96.1.10,fd00::10  http:80/tcp  -",
        "db.shop    headless      -                    pg:5432/tcp  1/2",
        "ext.other  ExternalName  www.example.com      -            -",
    ]


def test_a_service_and_an_endpoint_go(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "services.toml").write_text('services.a.b.endpoints = ["::1", "::2"]\nservices.a.c.cluster_ip = "::3"\n')
    run("endpoint", "remove", "b.a", "::1")
    run("remove", "c.a")
    assert capsys.readouterr().out == ("services.toml: removed endpoint ::1 from b.a\nservices.toml: removed c.a\n")
    cluster = read((folder / "services.toml").read_text(), "f")
    assert [service.name for service in cluster.services] == ["b"]
    assert len(cluster.slices[0].endpoints) == 1


def test_one_namespace_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "services.toml").write_text('services.a.b.cluster_ip = "::1"\nservices.c.d.endpoints = ["::3"]\n')
    run("list", "c", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "services": [
            {
                "name": "d",
                "namespace": "c",
                "type": "headless",
                "addresses": [],
                "ports": [],
                "endpoints": [{"addresses": ["::3"], "hostname": "", "ready": True}],
            }
        ]
    }


def test_lost_comments_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "services.toml").write_text('# mine\n[services.a]\nb = { cluster_ip = "::1" }\n')
    run("endpoint", "add", "b.a", "::2")
    assert capsys.readouterr().err == "pydns: services.toml was written anew; its comments are gone\n"


def test_kept_comments_are_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "services.toml").write_text('# mine\n[services.a]\nb = { cluster_ip = "::1" }\n')
    run("add", "c.a", "--headless")
    assert capsys.readouterr().err == ""
    assert (folder / "services.toml").read_text().startswith("# mine\n")


@pytest.mark.parametrize(("words", "told"), [
    (["remove", "b.a"], "there is no b.a"),
    (["add", "b.a"], "services.toml: services.a.b: it wants cluster_ip, endpoints or external_name"),
    (["add", "b.a", "--cluster-ip", "x"], "services.toml: services.a.b.cluster_ip: 'x' is no IP address"),
    (["add", "b.a", "--headless", "--cluster-ip", "::1"], 'services.toml: services.a.b.cluster_ip: "None" alone'),
    (["--file", "none/x", "add", "b.a", "--headless"], "none/x: No such file or directory"),
    (["--file", ".", "list"], ".: cannot be read: Is a directory"),
])  # fmt: skip
def test_what_cannot_be_done_is_told_and_changes_nothing(words: list[str], told: str, folder: Path) -> None:
    with pytest.raises(PydnsError) as raised:
        services.run(words)
    assert str(raised.value).startswith(told)
    assert os.listdir(folder) == []


def test_an_address_that_another_service_has_is_refused(folder: Path) -> None:
    run("add", "web.shop", "--cluster-ip", "10.96.1.10")
    before = (folder / "services.toml").read_text()
    told = "10.96.1.10 is the address of web.shop already"
    with pytest.raises(PydnsError) as raised:
        services.run(["add", "new.shop", "--cluster-ip", "fd00::1", "--cluster-ip", "10.96.1.10"])
    assert str(raised.value) == told
    assert (folder / "services.toml").read_text() == before


@pytest.mark.parametrize("words", [[], ["lst"], ["add"], ["add", "x"], ["add", "a.b.c"], ["add", "A.b"], ["endpoint"]])
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        services.run(words)
    assert raised.value.code == 2


@pytest.mark.parametrize("words", [["--file", "f", "list"], ["list", "--file", "f"]])
def test_the_file_may_stand_ahead_of_the_verb_and_behind_it(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "f").write_text('services.a.b.cluster_ip = "::1"')
    run(*words)
    assert "b.a" in capsys.readouterr().out


def test_all_options_of_a_service() -> None:
    words = (
        "add b.a --type LoadBalancer --cluster-ip ::1 --port 80 --external-ip ::2 --load-balancer lb.test"
        " --publish-not-ready-addresses"
    )
    options = services.parser().parse_args(words.split())
    assert service_table(options) == {
        "type": "LoadBalancer",
        "cluster_ip": "::1",
        "ports": ["80"],
        "external_ips": ["::2"],
        "load_balancer": ["lb.test"],
        "publish_not_ready_addresses": True,
    }


def test_an_endpoint_of_two_families() -> None:
    options = services.parser().parse_args(["endpoint", "add", "b.a", "::1", "10.0.0.1"])
    assert endpoint_table(options) == {"address": ["::1", "10.0.0.1"]}


def test_a_name() -> None:
    assert service_name("web.shop") == ("web", "shop")


def test_the_help_tells_exit_codes_and_examples() -> None:
    text = services.parser().format_help()
    assert "exit codes: 0 done" in text
    assert "  pydns services endpoint add db.shop 10.244.0.21 --hostname db-0\n" in text

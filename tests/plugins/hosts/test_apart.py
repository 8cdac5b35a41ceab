"""The work of the other process, done in this one."""

from __future__ import annotations

import io
import json
import mmap
import os
import subprocess
import sys

import pytest

from pydns_plugins.hosts import apart, build
from pydns_plugins.hosts.build import mapped
from pydns_plugins.hosts.table import MODULUS

DATA = (
    b"\xef\xbb\xbf# comment\r\n"
    + b"".join(b"10.1.%d.%d Host-%d.example.org.\n" % (i >> 8, i & 255, i) for i in range(3_000))
    + b"bad line\n::102:304 six.example.org\n192.0.2.1\tlast.example.org"
)


@pytest.mark.parametrize("data", [DATA, b"192.0.2.1 last.example.org\n" * 50_000], ids=["all kinds", "one again"])
def test_memory_that_was_read_is_given_back_and_all_is_there(
    data: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(apart, "_FORGET", mmap.PAGESIZE)
    source, target = os.memfd_create("source"), os.memfd_create("target")
    try:
        apart.write(source, data)
        job = [source, target, [""], True, MODULUS, False]
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(job)))
        apart.main()
        reading, table = mapped(target, json.loads(capsys.readouterr().out))
        assert reading.entries == data.count(b"\n") - (data is DATA)
        assert reading.fault_count == (data is DATA)
        found = table.find(b"last.example.org")
        assert found is not None
        assert found[0] == (b"\xc0\0\2\1",)
        assert table.line(found[2]) == (3_004 if data is DATA else 1)
        if data is DATA:
            for i in range(3_000):
                assert table.find(b"host-%d.example.org" % i) is not None
            assert table.find(b"six.example.org") is not None
    finally:
        os.close(source)
        os.close(target)


def test_it_loads_little_of_the_server() -> None:
    program = build._program().replace(
        "\nmain()\n", "\nprint([name for name in ('trio', 'httpx') if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

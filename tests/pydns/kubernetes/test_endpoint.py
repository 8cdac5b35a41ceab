from __future__ import annotations

from pathlib import Path

import pytest

from pydns.kubernetes.access import Access, AccessError
from pydns.kubernetes.endpoint import Certificates, Endpoint


async def test_a_url_alone() -> None:
    assert await Endpoint("https://192.0.2.1:6443/").load() == Access("https://192.0.2.1:6443")


async def test_its_certificates_are_read_each_time(tmp_path: Path) -> None:
    paths = Certificates(*(tmp_path / name for name in ("cert", "key", "ca")))
    source = Endpoint("https://x", paths)
    with pytest.raises(AccessError, match="cert: cannot be read"):
        await source.load()
    for path in paths:
        path.write_text(path.name)
    assert await source.load() == Access("https://x", b"ca", b"cert", b"key")

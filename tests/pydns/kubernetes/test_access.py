from __future__ import annotations

from pathlib import Path

import pytest

from pydns.kubernetes import access
from pydns.kubernetes.access import Access, AccessError, basic, bearer, read, tls_context
from tests.pydns.kubernetes import certificates


def test_a_token_is_a_header() -> None:
    assert bearer("abc.def\n") == "Bearer abc.def"
    assert bearer("") == ""


@pytest.mark.parametrize("token", ["a b", "a\nb", "a\rHost: x", "ä", "\0"])
def test_what_would_be_more_than_a_header_is_no_token(token: str) -> None:
    with pytest.raises(AccessError):
        bearer(token)


def test_a_name_and_a_password() -> None:
    assert basic("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617 section 2


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="token: cannot be read: No such file"):
        read(tmp_path / "token")


def test_a_file_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MOST", 10)
    (tmp_path / "token").write_bytes(bytes(11))
    with pytest.raises(AccessError, match="larger than 10 bytes"):
        read(tmp_path / "token")


@pytest.mark.parametrize("found", [
    Access("https://x", b"no certificate"),
    Access("https://x", b"\xff"),
    Access("https://x", b"\n"),
    Access("https://x", certificate=b"no certificate", key=b"no key"),
])  # fmt: skip
def test_certificates_that_are_none_are_told(found: Access) -> None:
    with pytest.raises(AccessError, match="its certificates cannot be used"):
        tls_context(found)


@certificates.without
def test_nothing_of_our_key_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = (path.read_bytes() for path in certificates.make(tmp_path, "ours"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    tls_context(Access("https://x", certificate, certificate, key))
    assert not list((tmp_path / "temporary").iterdir())
    with pytest.raises(AccessError):
        tls_context(Access("https://x", certificate, certificate, b"no key"))
    assert not list((tmp_path / "temporary").iterdir())


def test_without_verifying_any_certificate_will_do() -> None:
    assert not tls_context(Access("https://x", verify=False)).check_hostname

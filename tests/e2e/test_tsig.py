"""Programs of others ask with signatures, and check those of the answers: dig, kdig, nsupdate."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.e2e.programs import free_port, installed, serving

SECRET = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbm90IG9mIG90aGVycw=="
ALGORITHMS = ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
CUT = ["hmac-sha256-160", "hmac-sha512-256", "hmac-sha256-128"]  # as BIND has them
UPDATED = """
from pydns.plugin import Plugin
from pydns.records import Opcode
from pydns.reply import Reply

class Updated(Plugin):
    name = "updated"
    opcodes = frozenset((Opcode.UPDATE,))

    @classmethod
    def parse(cls, directives, block):
        return (cls(),)

    async def serve(self, query, call_next):
        return Reply(rcode=0 if query.signature else 5, by="updated", replay=False)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that knows a key of each algorithm, and takes updates."""
    folder = tmp_path_factory.mktemp("tsig")
    (folder / "updated.py").write_text(UPDATED)
    keys = "".join(f'key "{each}.key" {{ algorithm {each}; secret "{SECRET}"; }};\n' for each in [*ALGORITHMS, *CUT])
    (folder / "keys").write_text(keys)
    found = free_port()
    (folder / "Corefile").write_text(
        f"example.org:{found} {{\n bind 127.0.0.1\n plugin {folder}/updated.py\n updated\n"
        f" tsig {{\n  secrets {folder}/keys\n  require_opcode UPDATE\n }}\n"
        " hosts /dev/null {\n  192.0.2.1 www.example.org\n }\n}\n"
    )
    with serving(folder / "Corefile", found):
        yield found


def said(*words: str, given: str = "") -> str:
    if installed(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("algorithm", [*ALGORITHMS, *CUT])
def test_dig(algorithm: str, transport: str, port: int) -> None:
    key = f"{algorithm}:{algorithm}.key:{SECRET}"
    text = said("dig", "@127.0.0.1", "-p", str(port), "-y", key, transport, "+tries=1", "www.example.org")
    assert "192.0.2.1" in text
    assert "TSIG PSEUDOSECTION" in text
    assert "verify" not in text


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_kdig(algorithm: str, transport: str, port: int) -> None:
    key = f"{algorithm}:{algorithm}.key:{SECRET}"
    text = said("kdig", "@127.0.0.1", "-p", str(port), "-y", key, transport, "+retry=0", "www.example.org")
    assert "192.0.2.1" in text
    assert "TSIG PSEUDOSECTION" in text
    assert not {"WARNING", "ERROR"} & {word.strip(";") for word in text.replace(":", " ").split()}


@pytest.mark.parametrize("key", [f"hmac-sha256:other:{SECRET}", "hmac-sha256:hmac-sha256.key:YWJj"])
def test_a_bad_signature_is_told(key: str, port: int) -> None:
    text = said("dig", "@127.0.0.1", "-p", str(port), "-y", key, "+tries=1", "www.example.org")
    assert "NOTAUTH" in text
    assert "BADKEY" in text or "BADSIG" in text


UPDATE = "server 127.0.0.1 {port}\nzone example.org\nupdate add new.example.org 60 A 192.0.2.9\nsend\n"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_nsupdate(algorithm: str, port: int) -> None:
    key = f"{algorithm}:{algorithm}.key:{SECRET}"
    assert said("nsupdate", "-y", key, given=UPDATE.format(port=port)) == ""


def test_nsupdate_without_a_key_is_refused(port: int) -> None:
    assert "REFUSED" in said("nsupdate", given=UPDATE.format(port=port))

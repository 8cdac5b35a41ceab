import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.names import from_text, to_text
from pydns.tsig.keyfile import KeyFileError, read_keys
from tests.e2e.programs import installed

WHOLE = """
# keys of the lab
key "One.Example." {
    algorithm hmac-sha512;  // strong
    secret "c2VjcmV0IG9uZQ==";
};
/* and another,
   on one line */ key two { secret c2VjcmV0IHR3bw==; };
"""


def test_keys_by_name_with_their_algorithms() -> None:
    keys = read_keys(WHOLE)
    found = [(to_text(key.name), key.algorithm.text, key.secret, key.is_unnamed) for key in keys.values()]
    assert found == [
        ("one.example.", "hmac-sha512", b"secret one", False),
        ("two.", "hmac-sha256", b"secret two", True),
    ]


def test_semicolons_may_be_missing() -> None:
    assert from_text("one") in read_keys('key "one" {\n  secret "c2VjcmV0"\n}\n')


@pytest.mark.skipif(installed("tsig-keygen") is None, reason="tsig-keygen is not installed")
@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384"])
def test_what_tsig_keygen_writes(algorithm: str) -> None:
    command = installed("tsig-keygen")
    assert command is not None
    text = subprocess.run([command, "-a", algorithm, "k.example"], check=True, capture_output=True, text=True).stdout
    assert [key.algorithm.text for key in read_keys(text).values()] == [algorithm]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("options { };", "1:1: 'options' where a statement begins: key NAME { secret KEY; };"),
        ("key a {\n  secret abc;\n};", "2:10: the secret is no base 64"),
        ('key a {\n  secret "";\n};', "2:10: the secret is empty"),
        ("key a {\n  algorithm hmac-sha265;\n};", "2:13: unknown algorithm 'hmac-sha265' (did you mean hmac-sha256?)"),
        ("key a { algorithm hmac-md5; };", "1:5: key a. has no secret"),
        ("key a { secret YWJj; secret YWJj; };", "1:22: a second secret"),
        ("key a { secret YWJj; };\nkey A { secret YWJj; };", "2:1: key a. stands twice"),
        ("key a { secret YWJj;", "1:20: the file ends here, and } is missing"),
        ("key { secret YWJj; };", "1:5: '{' in place of a name"),
        ("key a secret YWJj;", "1:7: '{' is missing behind the name of the key"),
        ('key "a {\n', "1:5: a quote or a comment that does not end"),
        ("/* key", "1:1: a quote or a comment that does not end"),
        ("key a..b { secret YWJj; };", "1:5: empty label in 'a..b'"),
        ("key a { secret YWJj YWJjYWJjYWJjYWJjYWJj; };", "1:21: a word where `algorithm` or `secret` may stand"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, error: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        read_keys(text)
    assert str(caught.value).startswith(error)


@given(st.one_of(st.text(), st.text(alphabet='key {};"\n#/*ab='), st.text().map(lambda text: WHOLE + text)))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(KeyFileError):
        read_keys(text)

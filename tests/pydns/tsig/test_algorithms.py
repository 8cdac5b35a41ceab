import dns.tsig
import pytest

from pydns import names
from pydns.tsig.algorithms import ALGORITHMS, algorithm


@pytest.mark.parametrize("text", ALGORITHMS)
def test_lengths_are_those_of_dnspython(text: str) -> None:
    known = {name.to_text(omit_final_dot=True).lower(): size for name, size in dns.tsig.mac_sizes.items()}
    ours = ALGORITHMS[text]
    assert known[names.to_text(ours.name).removesuffix(".")] == ours.lengths[ours.name]


@pytest.mark.parametrize("text", ["hmac-md5", "HMAC-MD5.SIG-ALG.REG.INT.", "hmac-md5.sig-alg.reg.int"])
def test_md5_goes_by_two_names(text: str) -> None:
    assert algorithm(text) is ALGORITHMS["hmac-md5"]


def test_any_algorithm_may_be_cut_as_in_bind() -> None:
    found = algorithm("hmac-sha512-384")
    assert (found.name, found.least) == (ALGORITHMS["hmac-sha512"].name, 48)


def test_one_that_is_cut_by_name_has_that_name_and_is_taken_under_the_whole_one_too() -> None:
    found = algorithm("hmac-sha256-128")
    assert found.name == names.from_text("hmac-sha256-128")
    assert found.lengths == {found.name: 16, names.from_text("hmac-sha256"): 32}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("hmac-sha265", "did you mean hmac-sha256"),
        ("gss-tsig", "one of: hmac-md5"),
        ("hmac-sha256-72", "between 128 and 256"),  # half of it
        ("hmac-md5-72", "between 80 and 128"),  # ten octets
        ("hmac-sha256-130", "multiple of 8"),
        ("hmac-sha256-512", "between 128 and 256"),
        ("hmac-sha256-128-80", "unknown algorithm"),
        ("", "unknown algorithm"),
    ],
)
def test_what_is_none_is_told(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        algorithm(text)

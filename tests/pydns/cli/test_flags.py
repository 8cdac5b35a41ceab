import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydns.cli.flags import FLAGS, Flags, UsageError, read

WORDS = [f"{dashes}{flag.name}{value}" for flag in FLAGS for dashes in ("-", "--") for value in ("", "=", "=1", "=x")]


@pytest.mark.parametrize(("words", "flags"), [
    ([], Flags()),
    (["-conf", "a"], Flags(conf="a")),
    (["--conf", "a"], Flags(conf="a")),
    (["-conf=a"], Flags(conf="a")),
    (["--conf=a=b"], Flags(conf="a=b")),
    (["-conf="], Flags()),
    (["-conf", "-quiet"], Flags(conf="-quiet")),
    (["-conf", "stdin"], Flags(conf="stdin")),
    (["-conf", "a", "-conf", "b"], Flags(conf="b")),
    (["-p", "1053"], Flags(port=1053)),
    (["-dns.port", "1053"], Flags(port=1053)),
    (["--dns.port=0"], Flags(port=0)),
    (["-p=65535"], Flags(port=65535)),
    (["-p", "1", "-dns.port", "2"], Flags(port=2)),
    (["-pidfile", "/run/pid"], Flags(pidfile="/run/pid")),
    (["-quiet"], Flags(quiet=True)),
    (["-quiet=true"], Flags(quiet=True)),
    (["-quiet=T"], Flags(quiet=True)),
    (["-quiet", "-quiet=0"], Flags()),
    (["-version=1"], Flags(version=True)),
    (["--plugins"], Flags(plugins=True)),
    (["-quiet", "-p", "5", "-conf", "x"], Flags(conf="x", port=5, quiet=True)),
    (["-quiet", "--"], Flags(quiet=True)),  # the flags end here, and nothing follows
])  # fmt: skip
def test_what_is_understood(words: list[str], flags: Flags) -> None:
    assert read(words) == flags


@pytest.mark.parametrize(("words", "text"), [
    (["x"], "extra command line arguments: x"),
    (["-quiet", "x", "-p", "1"], "extra command line arguments: x -p 1"),
    (["-"], "extra command line arguments: -"),
    (["--", "-quiet"], "extra command line arguments: -quiet"),
    (["-quiet", "false"], "extra command line arguments: false"),
    (["---quiet"], "bad flag syntax: ---quiet"),
    (["-=x"], "bad flag syntax: -=x"),
    (["-cnf", "x"], "flag provided but not defined: -cnf"),
    (["-conf"], "flag needs an argument: -conf"),
    (["-p"], "flag needs an argument: -p"),
    (["-quiet=yes"], "invalid boolean value 'yes' for -quiet"),
    (["-quiet="], "invalid boolean value '' for -quiet"),
    (["-p", "x"], "invalid value 'x' for -p"),
    (["-p", "65536"], "invalid value '65536' for -p"),
    (["-p", "-1"], "invalid value '-1' for -p"),
    (["-p="], "invalid value '' for -p"),
    (["-p", "٣"], "invalid value '٣' for -p"),
    (["-p", "1_0"], "invalid value '1_0' for -p"),
])  # fmt: skip
def test_what_is_refused(words: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(words)
    assert str(caught.value).startswith(text)


@given(st.lists(st.one_of(st.text(max_size=8), st.sampled_from(WORDS))))
def test_any_words_are_flags_or_a_usage_error(words: list[str]) -> None:
    try:
        flags = read(words)
    except UsageError:
        return
    assert 0 <= flags.port <= 65535

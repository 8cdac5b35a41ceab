"""Both sides against each other and against dnspython's."""

from __future__ import annotations

import time

import dns.exception
import dns.message
import dns.tsig
import pytest

from pydns.errors import WireError
from pydns.tsig.algorithms import algorithm
from pydns.tsig.client import MOST_UNSIGNED, SignedRequest
from pydns.tsig.errors import Fault, TsigError
from pydns.tsig.key import Key
from pydns.tsig.record import Tsig, split
from pydns.tsig.server import read_signature
from tests.pydns.tsig.signing import KEY, KEYS, NOW, RING, answer, checked, query, theirs

EVERY = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


def request(key: Key = KEY, now: float = NOW) -> SignedRequest:
    return SignedRequest(query(), key, lambda: now)


def record(wire: bytes) -> Tsig:
    found = split(wire)
    assert found is not None
    return found[1]


@EVERY
def test_dnspython_takes_our_request(key: Key) -> None:
    wire = SignedRequest(query(), key).wire
    assert dns.message.from_wire(wire, keyring=theirs(key)).had_tsig


@EVERY
def test_dnspython_takes_our_answer(key: Key) -> None:
    asked = dns.message.from_wire(query())
    asked.use_tsig(theirs(key))
    found = read_signature(asked.to_wire(), RING.get)
    assert found is not None
    assert found.fault is None
    signed = found.sign(answer())
    assert len(signed) <= len(answer()) + found.room
    assert dns.message.from_wire(signed, keyring=theirs(key), request_mac=asked.mac).had_tsig


@EVERY
def test_we_take_dnspythons_answer(key: Key) -> None:
    ours = SignedRequest(query(), key)
    asked = dns.message.from_wire(ours.wire, keyring=theirs(key))
    reply = dns.message.make_response(asked)
    assert ours.verify(reply.to_wire()) == dns.message.make_response(dns.message.from_wire(query())).to_wire()


@EVERY
def test_an_answer_of_ours_passes_our_own_check(key: Key) -> None:
    asked = request(key)
    signature = checked(asked.wire)
    assert (signature.fault, signature.key) == (None, key.name)
    assert asked.verify(signature.sign(answer())) == answer()
    asked.end()


UNNAMED = Key.unnamed(KEY.name, KEY.secret)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hmac-md5", Fault.BADKEY),
        ("hmac-sha1", None),
        ("hmac-sha224", None),
        ("hmac-sha256", None),
        ("hmac-sha384", None),
        ("hmac-sha512", None),
        ("hmac-sha256-128", Fault.BADKEY),
        ("hmac-sha512-256", Fault.BADKEY),
        ("hmac-sha512-384", Fault.BADTRUNC),
    ],
)
def test_a_key_without_an_algorithm_is_taken_with_that_of_the_request(text: str, fault: Fault | None) -> None:
    theirs = KEY._replace(algorithm=algorithm(text))
    asked = request(theirs)
    signature = read_signature(asked.wire, {UNNAMED.name: UNNAMED}.get, lambda: NOW)
    assert signature is not None
    assert signature.fault == fault
    if fault is None:
        assert asked.verify(signature.sign(answer())) == answer()


def test_a_key_without_an_algorithm_signs_with_sha256_and_is_answered_so() -> None:
    asked = request(UNNAMED)
    assert record(asked.wire).algorithm == KEY.algorithm.name
    assert asked.verify(checked(asked.wire).sign(answer())) == answer()
    with pytest.raises(TsigError, match=r"another key: hmac-sha256\.key\.example\. hmac-sha512\."):
        asked.verify(request(KEY._replace(algorithm=algorithm("hmac-sha512"))).wire)


def test_dnspython_takes_a_sequence_of_ours() -> None:
    asked = dns.message.from_wire(query())
    asked.use_tsig(theirs(KEY))
    signature = read_signature(asked.to_wire(), RING.get)
    assert signature is not None
    context = None
    for text in "abc":
        message = dns.message.from_wire(
            signature.sign(answer(text=text)),
            keyring=theirs(KEY),
            request_mac=asked.mac,
            multi=True,
            tsig_ctx=context,
        )
        context = message.tsig_ctx
    assert message.had_tsig


def test_we_take_a_sequence_of_dnspythons_with_unsigned_messages_in_it() -> None:
    ours = SignedRequest(query(), KEY)
    context = None
    mac = record(ours.wire).mac
    for i in range(7):
        message = dns.message.from_wire(answer(text=str(i)))
        if i % 3 == 0:
            message.use_tsig(theirs(KEY))
            message.request_mac = mac
        wire = message.to_wire(multi=True, tsig_ctx=context)
        if i % 3 == 0:
            context = message.tsig_ctx
        else:
            context.update(wire)
        assert ours.verify(wire) == answer(text=str(i))
    ours.end()


def test_a_later_message_may_be_without_the_question() -> None:
    asked = request()
    signature = checked(asked.wire)
    asked.verify(signature.sign(answer()))
    bare = answer()[:4] + bytes(8)
    assert asked.verify(signature.sign(bare)) == bare


def test_a_sequence_that_ends_without_a_signature_is_none() -> None:
    asked = request()
    signature = checked(asked.wire)
    asked.verify(signature.sign(answer()))
    asked.verify(answer())
    with pytest.raises(TsigError, match="the last message"):
        asked.end()


def test_too_many_messages_without_a_signature() -> None:
    asked = request()
    asked.verify(checked(asked.wire).sign(answer()))
    for _ in range(MOST_UNSIGNED):
        asked.verify(answer())
    with pytest.raises(TsigError, match="without a signature"):
        asked.verify(answer())


def test_the_first_message_must_be_signed() -> None:
    with pytest.raises(TsigError, match="without a signature"):
        request().verify(answer())


def test_messages_in_another_order_are_refused() -> None:
    asked = request()
    signature = checked(asked.wire)
    first, second, third = (signature.sign(answer(text=text)) for text in "abc")
    asked.verify(first)
    with pytest.raises(TsigError, match="MAC"):
        asked.verify(third)
    assert second


def test_an_unknown_key_is_badkey_without_a_mac() -> None:
    asked = request(KEY._replace(name=b"\x05other\0"))
    signature = checked(asked.wire)
    assert signature.fault is Fault.BADKEY
    told = record(signature.sign(answer()))
    assert (told.name, told.error, told.mac) == (b"\x05other\0", 17, b"")
    with pytest.raises(TsigError, match="the peer says BADKEY"):
        asked.verify(signature.sign(answer()))


def test_a_known_key_with_another_algorithm_is_badkey() -> None:
    asked = request(KEYS["hmac-sha512"]._replace(name=KEY.name))
    assert checked(asked.wire).fault is Fault.BADKEY


def test_another_secret_is_badsig_without_a_mac() -> None:
    asked = request(KEY._replace(secret=b"a guess"))
    signature = checked(asked.wire)
    assert signature.fault is Fault.BADSIG
    assert (record(signature.sign(answer())).error, record(signature.sign(answer())).mac) == (16, b"")


@pytest.mark.parametrize("away", [-301, 301, 10**6])
def test_another_time_is_badtime_with_both_times_and_signed(away: int) -> None:
    asked = request()
    signature = checked(asked.wire, NOW + away)
    assert signature.fault is Fault.BADTIME
    told = record(signature.sign(answer()))
    assert (told.error, told.time, told.other) == (18, NOW, (NOW + away).to_bytes(6))
    with pytest.raises(TsigError, match=f"BADTIME: its clock is at {NOW + away}, ours at {NOW}") as caught:
        asked.verify(checked(asked.wire, NOW + away).sign(answer()))
    assert caught.value.fault is Fault.BADTIME


@pytest.mark.parametrize("away", [-300, 0, 300])
def test_clocks_may_differ_by_the_fudge(away: int) -> None:
    assert checked(request().wire, NOW + away).fault is None


def test_an_answer_from_another_time_is_refused() -> None:
    asked = request()
    signature = read_signature(asked.wire, RING.get, iter([NOW, NOW - 1000]).__next__)
    assert signature is not None
    with pytest.raises(TsigError, match="signed 1000 s from now"):
        asked.verify(signature.sign(answer()))


def test_the_original_id_counts_where_a_forwarder_gave_it_another() -> None:
    wire = request().wire
    assert checked(b"\xab\xcd" + wire[2:]).fault is None


def test_a_mac_cut_shorter_than_the_key_takes_is_badtrunc_and_signed() -> None:
    short = Key(KEY.name, KEYS["hmac-sha256"].algorithm._replace(least=20), KEY.secret)
    asked = request(short)
    signature = checked(asked.wire)
    assert signature.fault is Fault.BADTRUNC
    told = record(signature.sign(answer()))
    assert (told.error, len(told.mac)) == (22, 32)
    with pytest.raises(TsigError, match="the peer says BADTRUNC"):
        asked.verify(checked(asked.wire).sign(answer()))


def test_a_key_that_takes_cut_macs_answers_with_such() -> None:
    short = Key(KEY.name, KEY.algorithm._replace(least=20), KEY.secret)
    asked = request(short)
    signature = read_signature(asked.wire, {short.name: short}.get, lambda: NOW)
    assert signature is not None
    assert signature.fault is None
    signed = signature.sign(answer())
    assert len(record(signed).mac) == 20
    assert asked.verify(signed) == answer()


def test_binds_form_of_an_algorithm_that_is_cut_by_name_is_taken() -> None:
    key = KEYS["hmac-sha256-128"]
    asked = request(Key(key.name, KEY.algorithm._replace(least=16), key.secret))
    assert checked(asked.wire).fault is None


@pytest.mark.parametrize("length", [0, 9, 15, 33, 64])
def test_a_mac_of_a_length_that_none_may_have_is_malformed(length: int) -> None:
    forged = Tsig(KEY.name, KEY.algorithm.name, NOW, 300, bytes(length), 1053).appended(query())
    with pytest.raises(WireError):
        checked(forged)


def test_a_query_without_a_signature_has_none() -> None:
    assert read_signature(query(), RING.get) is None


def test_any_bit_that_changes_is_noticed() -> None:
    wire = request().wire
    for at in range(2, len(query())):
        changed = bytearray(wire)
        changed[at] ^= 1
        try:
            fault = checked(bytes(changed)).fault
        except (WireError, AssertionError):
            continue
        assert fault is Fault.BADSIG, at


def test_dnspython_understands_badtime() -> None:
    asked = dns.message.from_wire(query())
    asked.use_tsig(theirs(KEY))
    signature = read_signature(asked.to_wire(), RING.get, lambda: time.time() + 1000)
    assert signature is not None
    with pytest.raises(dns.tsig.PeerBadTime):
        dns.message.from_wire(signature.sign(answer()), keyring=theirs(KEY), request_mac=asked.mac)


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(KEY) == "Key('hmac-sha256.key.example.', 'hmac-sha256')"

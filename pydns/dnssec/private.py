"""The half of a key that signs. All that `cryptography` does for DNSSEC is done here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydns.dnssec.algorithm import RSA, Algorithm, DnssecError

EXTRA: Final = "DNSSEC needs the package cryptography: pip install 'pydns-server[dnssec]'"

Sign = Callable[[bytes], bytes]
"""From data to the signature of a RRSIG record."""

Numbers = Mapping[str, int]
"""Of an RSA key, by the names that BIND's files have for them."""

RSA_FIELDS: Final = (
    "Modulus", "PublicExponent", "PrivateExponent", "Prime1", "Prime2", "Exponent1", "Exponent2", "Coefficient",
)  # fmt: skip

SECRET_SIZES: Final = {
    Algorithm.ECDSAP256SHA256: 32,
    Algorithm.ECDSAP384SHA384: 48,
    Algorithm.ED25519: 32,
    Algorithm.ED448: 57,
}


def check_installed() -> None:
    """Raises DnssecError where the extra is missing."""
    try:
        import cryptography  # noqa: F401 -- it is asked whether it is there
    except ImportError:
        raise DnssecError(EXTRA) from None


class Private:
    """What signs, the public key in the form of DNSKEY records, and how it is kept in a file."""

    def __init__(self, algorithm: Algorithm, public: bytes, sign: Sign, secret: bytes, numbers: Numbers) -> None:
        self.algorithm = algorithm
        self.public = public
        self.sign = sign
        self.secret = secret
        """Of a key that is not RSA."""
        self.numbers = numbers


def generate(algorithm: Algorithm, bits: int) -> Private:
    """A new key; `bits` counts for RSA alone."""
    check_installed()
    from cryptography.hazmat.primitives.asymmetric import rsa

    if algorithm in RSA:
        return _rsa(algorithm, rsa.generate_private_key(65537, bits))
    if algorithm in _CURVES:
        return _ecdsa(algorithm, None)
    return _edwards(algorithm, None)


def from_secret(algorithm: Algorithm, secret: bytes) -> Private:
    """Of ECDSA or EdDSA. Raises DnssecError."""
    check_installed()
    if len(secret) > SECRET_SIZES[algorithm]:
        raise DnssecError(f"a secret of {len(secret)} octets, where {algorithm.name} has {SECRET_SIZES[algorithm]}")
    secret = secret.rjust(SECRET_SIZES[algorithm], b"\0")
    try:
        return _ecdsa(algorithm, secret) if algorithm in _CURVES else _edwards(algorithm, secret)
    except ValueError as error:
        raise DnssecError(f"the secret makes no key: {error}") from None


def from_numbers(algorithm: Algorithm, numbers: Numbers) -> Private:
    """Of RSA. Raises DnssecError."""
    check_installed()
    from cryptography.hazmat.primitives.asymmetric import rsa

    n, e, d, p, q, dp, dq, qi = (numbers[field] for field in RSA_FIELDS)
    try:
        private = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n)).private_key()
    except ValueError as error:
        raise DnssecError(f"the numbers make no key: {error}") from None
    return _rsa(algorithm, private)


def _rsa(algorithm: Algorithm, private: Any) -> Private:
    """RFC 3110 section 2, RFC 5702 section 3."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    if private.key_size > 4096:
        raise DnssecError(f"an RSA key of {private.key_size} bits; 4096 are the most")
    numbers = private.private_numbers()
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    exponent = e.to_bytes((e.bit_length() + 7) // 8)
    size = bytes((len(exponent),)) if len(exponent) < 256 else b"\0" + len(exponent).to_bytes(2)
    public = size + exponent + n.to_bytes((n.bit_length() + 7) // 8)
    values = (n, e, numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    pad, digest = padding.PKCS1v15(), hashes.SHA256() if algorithm == Algorithm.RSASHA256 else hashes.SHA512()

    def sign(data: bytes) -> bytes:
        signature: bytes = private.sign(data, pad, digest)
        return signature

    return Private(algorithm, public, sign, b"", dict(zip(RSA_FIELDS, values, strict=True)))


_CURVES: Final = frozenset((Algorithm.ECDSAP256SHA256, Algorithm.ECDSAP384SHA384))


def _ecdsa(algorithm: Algorithm, secret: bytes | None) -> Private:
    """RFC 6605 section 4: two numbers of fixed size, where others have DER."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    size = SECRET_SIZES[algorithm]
    curve = ec.SECP256R1() if size == 32 else ec.SECP384R1()
    how = ec.ECDSA(hashes.SHA256() if size == 32 else hashes.SHA384())
    private = ec.generate_private_key(curve) if secret is None else ec.derive_private_key(int.from_bytes(secret), curve)
    point = private.public_key().public_numbers()

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, how))
        return r.to_bytes(size) + s.to_bytes(size)

    public = point.x.to_bytes(size) + point.y.to_bytes(size)
    return Private(algorithm, public, sign, private.private_numbers().private_value.to_bytes(size), {})


def _edwards(algorithm: Algorithm, secret: bytes | None) -> Private:
    """RFC 8080."""
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

    private: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
    if algorithm == Algorithm.ED25519:
        kind = ed25519.Ed25519PrivateKey
        private = kind.generate() if secret is None else kind.from_private_bytes(secret)
    else:
        other = ed448.Ed448PrivateKey
        private = other.generate() if secret is None else other.from_private_bytes(secret)
    return Private(algorithm, private.public_key().public_bytes_raw(), private.sign, private.private_bytes_raw(), {})

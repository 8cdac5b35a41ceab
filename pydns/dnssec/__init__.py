"""DNSSEC (RFC 4033 to 4035): keys, signatures, denials. `cryptography` does the arithmetic, within functions alone."""

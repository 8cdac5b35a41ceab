"""Master files (RFC 1035 section 5), read into whatever takes records: `read_zone`."""

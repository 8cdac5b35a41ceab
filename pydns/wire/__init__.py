"""Messages as bytes (RFC 1035 section 4): reading a plain question, scanning, packing, EDNS, and the seam to dnslib."""

"""Zones signed as a whole: from a master file to another one with DNSKEY, RRSIG, and NSEC or NSEC3 records."""

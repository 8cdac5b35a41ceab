"""Dynamic updates (RFC 2136): read, judged, done to a zone, kept in a journal, and written back to its master file."""

"""Transaction signatures (RFC 8945): who shares a secret knows who sent a message, and that nobody changed it."""

"""Several processes that answer at the same addresses, and their parent (`multisocket`)."""

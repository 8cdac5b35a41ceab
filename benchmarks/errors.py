"""What can keep a benchmark from being made."""


class BenchmarkError(Exception):
    """The text tells what is wrong, and the remedy where there is one."""


class ServerError(BenchmarkError):
    """A server did not start, did not answer rightly, or ended by itself. The others go on."""

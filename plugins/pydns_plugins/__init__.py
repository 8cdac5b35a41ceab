"""The plugins that come with pydns, one folder each."""

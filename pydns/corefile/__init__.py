"""The Corefile: text to frozen tree, tree to TOML, and the readers of words that plugins share."""

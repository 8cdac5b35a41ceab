"""Corefiles: text in, a frozen tree with positions out."""

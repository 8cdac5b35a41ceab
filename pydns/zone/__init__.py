"""Zones in memory, and what they answer: shared by every plugin that holds one."""

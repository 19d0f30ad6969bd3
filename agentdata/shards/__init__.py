"""Shards on disk: how they are written, described and read back."""

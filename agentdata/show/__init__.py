"""Rows as their tokens, each with its weight and what set it: to look at, before or after."""

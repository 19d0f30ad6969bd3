"""Calls as text: one grammar per style of writing them, for raw rows and for models' turns alike.

A parser puts what it finds, with its places, and what is malformed into a `Reader`. What to make of
a fault is up to who reads: a raw row keeps the text as it stands, a model's turn is told of it.
"""

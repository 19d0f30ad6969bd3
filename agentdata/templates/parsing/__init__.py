"""How models lay out a turn with calls: data for the parsers that read it back."""

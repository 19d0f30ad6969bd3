"""Ways in which models write calls, and how each is read back: a few parsers, and data for them."""

"""How tasks are run: the same results in the same order, whatever runs them."""

"""Settings and the data files that the register reads; nothing in ``register`` imports this package."""

"""The demo: both reference rounds, an account per role, a few deeds; never into a database that holds real data."""

from register.seed.demo import accounts, is_seeded, seed

__all__ = ["accounts", "is_seeded", "seed"]

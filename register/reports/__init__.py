"""The published tables: declared as data, counted by the database, with populations, notes and headlines."""

"""The commands behind ``flask``: each feature's group stands in a module of its own."""

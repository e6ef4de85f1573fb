"""The job runner: its own process, never a web worker."""

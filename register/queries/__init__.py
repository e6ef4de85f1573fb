"""Reading for pages: functions that return frozen dataclasses for the templates."""

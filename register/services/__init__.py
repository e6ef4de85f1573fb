"""The deeds: functions that change rows, named with a verb; they never commit."""

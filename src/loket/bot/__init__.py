"""The conversation as a table of steps."""

"""The life of an application: one table of moves."""

"""The trail: one entry for every change, never changed again."""

"""Residents as this office met them, never a copy of the national register."""

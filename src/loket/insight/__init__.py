"""Figures frozen per day, forecasts and invariants."""

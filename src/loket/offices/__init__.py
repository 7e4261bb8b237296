"""Regions as the ministry codes them; offices with hours, holidays, fees and settings."""

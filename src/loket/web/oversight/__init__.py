"""The head's page."""

"""What keeps the office honest: complaints that nobody closes alone."""

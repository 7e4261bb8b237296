"""Pages for everybody: start, figures, help, data."""

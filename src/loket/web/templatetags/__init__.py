"""Template tags: how pages write values and draw pills."""

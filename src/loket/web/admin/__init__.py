"""Administration: lists to import, settings, the demo's clock."""

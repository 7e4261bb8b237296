"""Pages of the resident: file, follow, choose; no account, no JavaScript needed."""

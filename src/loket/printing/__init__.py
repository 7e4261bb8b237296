"""Order of service, batches and their results."""

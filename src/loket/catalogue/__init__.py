"""Services as data with versions."""

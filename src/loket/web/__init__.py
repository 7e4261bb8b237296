"""Pages, by who stands in front of them."""

"""Manifests, hand-over by post and at the counter."""

"""The desk: the verifier's queue, one case, conversations."""

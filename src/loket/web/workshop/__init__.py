"""The workshop: print batches, blanks, envelopes and manifests."""

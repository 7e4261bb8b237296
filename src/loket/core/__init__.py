"""What knows no word of the domain: actor, clock, errors, ids, crypto, text."""

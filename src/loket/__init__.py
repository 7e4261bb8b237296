"""Loket: from a notice on WhatsApp to a KTP-el card in the hand."""

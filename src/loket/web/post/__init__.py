"""Kantor Pos: take-over by scanning, proof of delivery, returns."""

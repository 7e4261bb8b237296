"""Biometrics recorded at the kecamatan, as a fact."""

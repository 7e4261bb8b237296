"""The kecamatan: biometrics recorded, as a fact."""

"""The register of Suket and its outcomes."""

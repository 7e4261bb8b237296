"""The ledger of blanks; no balance is ever edited."""

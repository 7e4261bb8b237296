"""Complaints at the office: answered by one person, closed by another, hidden from whom they concern."""

"""Django's backend for PostgreSQL, with three things made cheaper that every request pays for."""

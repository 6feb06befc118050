"""Alembic's scripts, one per schema change, each safe beside the previous release (product 9.3)."""

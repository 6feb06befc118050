"""The background check of every domain's records (product 2.5)."""

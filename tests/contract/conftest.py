"""Every test here runs on every database."""

from tests.support.stores import store, store_url

__all__ = ["store", "store_url"]

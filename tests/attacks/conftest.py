"""The whole application and a recording mail server for every attack; both databases for some."""

from tests.support.gateway import backend, gateway
from tests.support.stores import store, store_url

__all__ = ["backend", "gateway", "store", "store_url"]

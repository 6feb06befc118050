"""Asks exchangelib to find a server: run inside the private network as ``python -m``.

A line of JSON in (``address``, ``password``), a line of JSON out. Its cache on disk is emptied each time: a
hit would skip the discovery that is to be seen.
"""

import json
import sys
import tempfile
from typing import Any

from exchangelib import Credentials
from exchangelib.autodiscover import discover
from exchangelib.autodiscover.cache import autodiscover_cache


def found(address: str, password: str) -> dict[str, Any]:
    """What it finds, or the error that its user sees."""
    autodiscover_cache.clear()
    try:
        answer, protocol = discover(address, credentials=Credentials(address, password))
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)}
    return {
        "url": answer.ews_url,
        "address": answer.autodiscover_smtp_address,
        "endpoint": protocol.service_endpoint,
    }


def main() -> None:
    assert tempfile.gettempdir() != "/tmp", "the cache must not be this machine's own"
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        print(json.dumps(found(wish["address"], wish["password"])), flush=True)


if __name__ == "__main__":
    main()

"""Certificates of an authority that lives for one test."""

import time
from datetime import UTC, datetime
from pathlib import Path

from certs import authority, csr, keys


def server_files(folder: Path, *names: str) -> tuple[Path, Path]:
    """Write ``cert.pem`` and ``key.pem`` for ``names``, and the authority's root to ``ca.pem``."""
    now = datetime.fromtimestamp(time.time(), UTC)
    root = authority.create("test", now)
    key = keys.new_key()
    chain = authority.issue(root, csr.read(csr.write(key, names)), now)
    certificate, private = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(authority.to_pem(chain))
    private.write_bytes(keys.to_pem(key))
    (folder / "ca.pem").write_bytes(authority.to_pem(root.chain))
    return certificate, private

"""Which certificate a host name gets (product 9.1: several certificates by SNI; RFC 6125 6.4).

A gateway of 1,000 domains has 1,000 certificates and is asked at every handshake, so names are looked up and
not searched: the exact name first, then the star in place of its first label. A star never stands for two
labels, nor for a whole name under a top-level domain.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Selection(Generic[T]):
    """Names of certificates and what each of them stands for."""

    def __init__(self, entries: Iterable[tuple[Iterable[str], T]]) -> None:
        """``entries``: the names of a certificate, folded (``csr.names_of``), and what they lead to. Of two
        that have the same name the first is chosen."""
        self._exact: dict[str, T] = {}
        self._stars: dict[str, T] = {}
        for names, chosen in entries:
            for name in names:
                if name.startswith("*."):
                    self._stars.setdefault(name[2:], chosen)
                else:
                    self._exact.setdefault(name, chosen)

    def find(self, name: str) -> T | None:
        """What the folded name leads to, None when no certificate covers it."""
        found = self._exact.get(name)
        if found is not None:
            return found
        label, _, rest = name.partition(".")
        return self._stars.get(rest) if label and "." in rest else None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

"""The hash chain of the audit trail (product 8, T26): what is hashed, and how.

The canonical form of a record is a JSON object of all its columns with sorted keys, without spaces, in UTF-8.
Neither database keeps the text of a document: JSONB reorders keys and writes 1e22 with all its digits. So
the form is made of values, and a number without a fraction is an integer whatever it was spelled as. The hash
is SHA-256 over the hash of the record before, as 64 letters, and the canonical form; each record also keeps
the hash of the one before, so that it can be judged where that one is gone.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

GENESIS = "0" * 64
"""What the first record follows."""

COLUMNS = (
    "actor_address",
    "actor_credential",
    "actor_kind",
    "actor_name",
    "actor_person",
    "actor_user_agent",
    "after",
    "at",
    "before",
    "organisation",
    "outcome",
    "reason",
    "request_id",
    "sequence",
    "tag",
    "target",
)
"""Everything that is hashed, in the order of the canonical form."""

DOCUMENTS = ("before", "after")


class Link(NamedTuple):
    """A stored record as it is hashed, whatever may be wrong with it.

    Attributes:
        values: in the order of ``COLUMNS``; the two documents as the JSON text that the database gave.
        previous, hash: as stored.
    """

    values: tuple[Any, ...]
    previous: str
    hash: str

    @property
    def sequence(self) -> Any:
        return self.values[_SEQUENCE]

    def as_document(self) -> dict[str, Any]:
        """All of it, as a line of an archive has it; ValueError for texts that are no JSON."""
        return {**_document(self.values), "previous": self.previous, "hash": self.hash}

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> "Link":
        """The reverse; KeyError for a document that lacks something."""
        values = tuple(_encode(document[each]) if each in DOCUMENTS else document[each] for each in COLUMNS)
        return cls(values, str(document["previous"]), str(document["hash"]))


_SEQUENCE, _BEFORE, _AFTER = (COLUMNS.index(name) for name in ("sequence", *DOCUMENTS))
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(document: Mapping[str, Any]) -> str:
    """A JSON object in the one form that both databases give back.

    Raises:
        ValueError: it holds what is no JSON (NaN, infinity), no Unicode (half a surrogate pair), or a number
            of thousands of digits.
        TypeError: it holds a value of another kind.
    """
    text = _encode(_read(json.dumps(document)))
    text.encode()
    return text


def link(values: tuple[Any, ...], previous: str) -> str:
    """The hash of a record with ``values`` that follows the one with the hash ``previous``; ValueError and
    TypeError for values that no record can have."""
    return hashlib.sha256((previous + _encode(_document(values))).encode()).hexdigest()


def intact(record: Link, sequence: int | None = None) -> bool:
    """Whether a record is what was hashed; with ``sequence``, whether it was that one."""
    values = record.values
    if sequence is not None:
        values = (*values[:_SEQUENCE], sequence, *values[_SEQUENCE + 1 :])
    try:
        return link(values, record.previous) == record.hash
    except (ValueError, TypeError, RecursionError):
        return False


def moment(at: datetime) -> str:
    """A time as it is hashed: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def signed_text(kind: str, sequence: int, hashed: str, at: datetime, count: int) -> bytes:
    """What the signature of a ``Seal`` is over."""
    seal = {"kind": kind, "sequence": sequence, "hash": hashed, "at": moment(at), "count": count}
    return _encode(seal).encode()


def _document(values: tuple[Any, ...]) -> dict[str, Any]:
    document = dict(zip(COLUMNS, values, strict=True))
    document["before"] = _read(values[_BEFORE])
    document["after"] = _read(values[_AFTER])
    return document


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


_read = json.JSONDecoder(parse_float=_number).decode

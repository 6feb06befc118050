"""Descriptions and a directory for them, without a gateway."""

from gateway.cli.declared import documents
from gateway.cli.declared.resolving import Directory, Present, resolve
from gateway.cli.declared.values import State

DIRECTORY = Directory(
    users={"ann@acme.example": "u-ann", "ann.b@acme.example": "u-ann", "bob@acme.example": "u-bob"},
    addresses={"u-ann": "ann@acme.example", "u-bob": "bob@acme.example"},
    groups={"Staff": "g-staff"},
    group_addresses={"staff@acme.example": "g-staff"},
    names={"g-staff": "Staff"},
    resources={"room@acme.example": "r-room"},
    domains=frozenset({"acme.example"}),
)
"""Of an organisation: two users, one of whom has an alias, a group and a room."""


def told_faults(text: str, directory: Directory = DIRECTORY) -> list[str]:
    """Every fault of one file, as it is told."""
    described = documents.read([("f", text.encode())])
    presents = {alias: Present(directory=directory) for alias in described.organisations}
    return [str(fault).removeprefix("f: ") for fault in (*described.faults, *resolve(described, presents)[1])]


def state(*texts: str, directory: Directory = DIRECTORY) -> State:
    """What files describe that have no fault."""
    described = documents.read([(f"f{number}", text.encode()) for number, text in enumerate(texts)])
    presents = {alias: Present(directory=directory) for alias in described.organisations}
    found, faults = resolve(described, presents)
    assert (described.faults, faults) == ((), ())
    return found

"""Whether a class keeps the agreement of a port: store and services cannot see each other (house.md 2)."""

import inspect


def methods(port: type) -> dict[str, inspect.Signature]:
    """What a port asks for, by name."""
    found = inspect.getmembers(port, inspect.isfunction)
    return {name: inspect.signature(member) for name, member in found if name[0] != "_"}


def assert_kept(port: type, by: type) -> None:
    """Every method is there, with parameters of the same names, kinds and defaults."""
    asked = methods(port)
    assert asked, f"{port} asks for nothing"
    for name, wanted in asked.items():
        given = inspect.signature(getattr(by, name))
        assert _parameters(given) == _parameters(wanted), f"{by.__name__}.{name}"


def _parameters(signature: inspect.Signature) -> list[tuple[str, object, object]]:
    return [(each.name, each.kind, each.default) for each in signature.parameters.values()]

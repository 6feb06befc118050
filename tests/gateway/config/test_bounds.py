"""Bounds beside a setting's default."""

from dataclasses import dataclass, fields

from gateway.config.bounds import limit


@dataclass
class Section:
    """A section of settings."""

    patience_s: int = limit(5, "as long as a test waits", 1, 9)


def test_a_setting_has_its_default_and_knows_its_bounds_and_why() -> None:
    (found,) = fields(Section)
    assert Section().patience_s == 5
    assert dict(found.metadata) == {"reason": "as long as a test waits", "low": 1, "high": 9}

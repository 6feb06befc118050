"""Changes that name some of a thing's fields: None leaves a field as it is."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Sparse:
    """What the dataclasses of changes are made from."""

    def given(self) -> dict[str, Any]:
        """The fields that are set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

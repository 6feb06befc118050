"""The shared values."""

from dataclasses import fields

import pytest

from gateway.records import AuditRecord, AuditTag, Change, Contact, Domain, Organisation, PolicyVersion, User


def test_a_tag_is_source_subject_action() -> None:
    assert all(tag.value.count(":") == 2 and tag.value == tag.value.lower() for tag in AuditTag)
    assert len({tag.value for tag in AuditTag}) == len(AuditTag)


@pytest.mark.parametrize("value", [Organisation, Domain, User, PolicyVersion, AuditRecord, Change, Contact])
def test_values_are_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert fields(value)

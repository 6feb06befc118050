"""The names of what is audited."""

from gateway.records import AuditTag


def test_a_tag_is_source_subject_action() -> None:
    assert all(tag.value.count(":") == 2 and tag.value == tag.value.lower() for tag in AuditTag)
    assert len({tag.value for tag in AuditTag}) == len(AuditTag)

"""Reading the trail."""

from gateway.records import AuditTag
from gateway.services.audit import MAXIMUM_PAGE, AuditService
from tests.support.world import World


def test_the_trail_is_read_by_organisation_target_tag_and_page(world: World) -> None:
    organisation = world.organisation()
    ann = world.user()
    world.organisation("globex")
    audit = AuditService(world.store)
    assert {record.organisation for record in audit.query(organisation=organisation.id)} == {organisation.id}
    assert [record.tag for record in audit.query(target=ann.id)] == [AuditTag.USER_CREATED]
    created = audit.query(tag=AuditTag.ORGANISATION_CREATED)
    assert [record.after["alias"] for record in created] == ["acme", "globex"]
    rest = audit.query(after=created[-1].sequence, limit=10 * MAXIMUM_PAGE)
    assert all(record.sequence > created[-1].sequence for record in rest)
    assert len(audit.query(limit=1)) == 1

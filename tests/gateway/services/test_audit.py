"""Reading the trail, and taking it elsewhere."""

import pytest

from gateway.records import AuditQuestion, AuditTag
from gateway.services import audit as service
from gateway.services.audit import MAXIMUM_PAGE, AuditService
from tests.support.world import ADMIN, World


def made(world: World) -> AuditService:
    return AuditService(world.store, world.clock)


def test_the_trail_is_read_by_organisation_target_tag_and_page(world: World) -> None:
    organisation = world.organisation()
    ann = world.user()
    world.organisation("globex")
    audit = made(world)
    assert {record.organisation for record in audit.query(organisation=organisation.id)} == {organisation.id}
    assert [record.tag for record in audit.query(target=ann.id)] == [AuditTag.USER_CREATED]
    created = audit.query(tag=AuditTag.ORGANISATION_CREATED)
    assert [record.after["alias"] for record in created] == ["acme", "globex"]
    rest = audit.query(after=created[-1].sequence, limit=10 * MAXIMUM_PAGE)
    assert all(record.sequence > created[-1].sequence for record in rest)
    assert len(audit.query(limit=1)) == 1


def test_an_export_is_in_the_trail_and_ends_where_it_began(world: World) -> None:
    organisation = world.organisation()
    world.user()
    before = world.trail()
    question = AuditQuestion(organisation.id, refused=False, newest_first=True)
    exported = made(world).export(ADMIN, question)
    world.user("bob@acme.example")
    assert list(exported) == before
    (record,) = made(world).query(tag=AuditTag.AUDIT_EXPORTED)
    assert record.actor == ADMIN and record.organisation == organisation.id
    assert dict(record.after) == {
        "organisation": organisation.id,
        "refused": False,
        "before": before[-1].sequence + 1,
    }


def test_all_goes_from_page_to_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.organisation()
    world.user()
    monkeypatch.setattr(service, "MAXIMUM_PAGE", 2)
    assert list(made(world).all(AuditQuestion())) == world.trail()

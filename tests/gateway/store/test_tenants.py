"""Rows of organisations and domains, and of the whole directory, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records import Domain, OrganisationState
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON, group, resource, user

LATER = NOON + timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("acme_and_globex", "acme_example")


def test_an_organisation_comes_back_by_id_and_by_alias(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.directory.organisation(ACME.id) == ACME
        assert transaction.directory.organisation("globex") == GLOBEX
        assert transaction.directory.organisation("nobody") is None
        assert transaction.directory.organisations() == [ACME, GLOBEX]


def test_an_organisation_is_changed(store: DatabaseStore) -> None:
    changed = replace(ACME, state=OrganisationState.IMPAIRED, device_limit=3, legacy_versions=True)
    with store.write() as transaction:
        transaction.directory.save_organisation(changed)
    with store.read() as transaction:
        assert transaction.directory.organisation("acme") == changed


def test_an_alias_is_unique(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.directory.add_organisation(replace(GLOBEX, id="m-" + "c" * 32))


def test_domains_of_one_and_of_all(store: DatabaseStore) -> None:
    other = Domain("globex.example", GLOBEX.id)
    with store.write() as transaction:
        transaction.directory.add_domain(other)
        transaction.directory.save_domain(replace(other, default=True))
    with store.read() as transaction:
        assert transaction.directory.domains(GLOBEX.id) == [replace(other, default=True)]
        assert [domain.name for domain in transaction.directory.domains()] == [
            "acme.example",
            "globex.example",
        ]
    with store.write() as transaction:
        transaction.directory.remove_domain("globex.example")
    with store.read() as transaction:
        assert transaction.directory.domain("globex.example") is None


def test_removing_an_organisation_takes_everything_with_it(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_user(user())
        transaction.directory.remove_organisation(ACME.id)
    with store.read() as transaction:
        assert transaction.directory.user_by_address("ann@acme.example") is None
        assert transaction.directory.domain("acme.example") is None


def test_a_domain_keeps_its_route_and_its_proof(store: DatabaseStore) -> None:
    routed = Domain("globex.example", GLOBEX.id, backend="exchange", proof="0" * 32)
    with store.write() as transaction:
        transaction.directory.add_domain(routed)
    with store.read() as transaction:
        assert transaction.directory.domain("globex.example") == routed


def test_the_last_check_of_a_domain_goes_with_it(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.save_domain_check("acme.example", NOON, {"mx": "Missing"})
        transaction.directory.save_domain_check("acme.example", LATER, {"mx": "Verified", "n": [1]})
    with store.read() as transaction:
        assert transaction.directory.domain_check("acme.example") == (LATER, {"mx": "Verified", "n": [1]})
        assert transaction.directory.domain_check("globex.example") is None
    with store.write() as transaction:
        transaction.directory.remove_domain("acme.example")
    with store.read() as transaction:
        assert transaction.directory.domain_check("acme.example") is None


def test_a_check_of_a_domain_that_is_gone_is_not_kept(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.directory.save_domain_check("nobody.example", NOON, {})


def test_an_address_tells_its_entity_and_none_means_two_things(store: DatabaseStore) -> None:
    ann = replace(user(), aliases=("second@acme.example",))
    staff, room = group("staff", address="staff@acme.example"), resource()
    with store.write() as transaction:
        transaction.directory.add_user(ann)
        transaction.directory.add_group(staff)
        transaction.directory.add_resource(room)
    with store.read() as transaction:
        directory = transaction.directory
        assert directory.entity_by_address("Second@acme.example") == ann
        assert directory.entity_by_address("staff@acme.example") == staff
        assert directory.entity_by_address(room.address) == room
        assert directory.entity_by_address("nobody@acme.example") is None
        assert directory.user_by_address("staff@acme.example") is None
    for address in (ann.aliases[0], staff.address, room.address):
        with pytest.raises(LostRace), store.write() as transaction:
            transaction.directory.add_group(group("other", address=address))

"""The directory's use cases as they are wired: what a backend's settings mean for its users."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app.directory import Directory, directory
from gateway.app.use_cases import database_url
from gateway.config import Backend, Credentials, Limits, UserMapping
from gateway.store import open_store
from tests.support.inhabited import ADMIN, configured
from tests.support.offering import OFFERING


@contextmanager
def acme(folder: Path, backend: Backend = OFFERING) -> Iterator[Directory]:
    """The organisation ``acme`` with ann in the first of its two domains."""
    config = replace(configured(folder, backend, Limits()), base_domain="usher.test")
    store = open_store(database_url(config))
    made = directory(config, store)
    made.tenants.create_organisation(ADMIN, "acme")
    made.tenants.add_domain(ADMIN, "acme", "other.test")
    made.users.create(ADMIN, "acme", "ann@acme.usher.test", password="Correct-Horse-1")
    yield made
    store.close()


def test_a_new_organisation_gets_its_test_domain_below_the_base_domain(tmp_path: Path) -> None:
    with acme(tmp_path) as made:
        assert "acme.usher.test" in [domain.name for domain in made.tenants.domains("acme")]


@pytest.mark.parametrize(
    ("mapping", "known"),
    [(UserMapping.ADDRESS, False), (UserMapping.LOCAL_PART, True), (UserMapping.DOMAIN_USER, True)],
)
def test_a_backend_without_domains_in_its_names_knows_a_user_by_any_of_them(
    tmp_path: Path, mapping: UserMapping, known: bool
) -> None:
    with acme(tmp_path, replace(OFFERING, user_mapping=mapping)) as made:
        found = made.users.resolve("ann@other.test")
    assert found is not None
    assert (found.user is not None) is known


@pytest.mark.parametrize("credentials", [Credentials.CLIENT, Credentials.TRUSTED])
def test_app_passwords_work_where_the_backend_is_shown_none(tmp_path: Path, credentials: Credentials) -> None:
    with acme(tmp_path, replace(OFFERING, credentials=credentials)) as made:
        obstacle = made.app_passwords.obstacle("ann@acme.usher.test")
    assert (obstacle == "") is (credentials is Credentials.TRUSTED)

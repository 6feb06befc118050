"""The front door as it is wired: settings reach the services, and what counts is one in a process."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway import app
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Reach
from gateway.services.administrators import NewAdministrator
from tests.support.accounts import OWNER, PASSWORD, ROOT, ROOT_ACTOR, stranger
from tests.support.desk import furnish


def test_narrowed_services_count_failures_where_all_others_do(tmp_path: Path) -> None:
    desk = furnish(tmp_path)
    narrowed = desk.services.within(Reach(organisations=frozenset({"m-1"})))
    assert narrowed is not desk.services
    assert narrowed.signing_in is desk.services.signing_in
    assert narrowed.recognition is desk.services.recognition
    desk.services.store.close()


@pytest.mark.parametrize("required", [True, False])
def test_the_settings_are_the_files(tmp_path: Path, required: bool) -> None:
    desk = furnish(tmp_path)
    config = replace(desk.config, admin=replace(desk.config.admin, require_second_factor=required))
    services = app.services(config)
    services.administrators.create(ROOT_ACTOR, ROOT, NewAdministrator("ann", [OWNER], password=PASSWORD))
    signed = services.signing_in.sign_in(stranger(), "ann", PASSWORD)
    assert (services.recognition.limits_of(signed.account, signed.session) is not None) is required
    services.store.close()
    desk.services.store.close()


def test_without_a_sealing_secret_signing_in_says_so(tmp_path: Path) -> None:
    desk = furnish(tmp_path)
    desk.config.sealing_key_file.unlink()
    made = desk.services.administrators.create(
        ROOT_ACTOR, ROOT, NewAdministrator("ann", [OWNER], password=PASSWORD)
    )
    with pytest.raises(GatewayError) as refused:
        desk.services.own_account.offer_second_factor(stranger(), made.id)
    assert refused.value.kind is Kind.UNAVAILABLE
    desk.services.store.close()

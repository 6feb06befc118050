"""What a person does about their own devices at ``/self/`` (product 7.8)."""

import pytest

from gateway.services.safeguards import SafeguardChanges
from mdm.device import DeviceState, WipeKind
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN
from tests.support.mail_server import DOMAIN
from tests.support.self_service import Browser


async def test_my_devices_and_one_of_them(gateway: Gateway, ann: Browser) -> None:
    assert "No device has used your mailbox yet." in (await ann.get("/self/")).text
    await gateway.enrolled()
    listed = (await ann.get("/self/")).text
    assert "/self/devices/PHONE1" in listed
    page = await ann.get("/self/devices/phone1")
    assert page.status_code == 200
    assert DeviceState.PROVISIONING_SUCCEEDED.value in page.text


async def test_i_wipe_my_account_on_a_phone(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    done = await ann.do("/self/devices/PHONE1/wipe", kind="account")
    assert (done.status_code, done.headers["location"]) == (303, "/self/devices/PHONE1")
    order = gateway.made.wipes.last(gateway.key())
    assert order is not None
    assert (order.kind, order.requested_by) == (WipeKind.ACCOUNT, f"ann@{DOMAIN}")
    assert (await ann.do("/self/devices/PHONE1/remove")).status_code == 409


def guard(gateway: Gateway, changes: SafeguardChanges) -> None:
    gateway.made.safeguards.change(ADMIN, gateway.organisation.id, changes, may_loosen=True)


async def test_a_whole_phone_wants_its_name(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    guard(gateway, SafeguardChanges(approve_full_wipes=False))
    unnamed = await ann.do("/self/devices/PHONE1/wipe", kind="device", typed="another")
    assert unnamed.status_code == 400
    assert (await ann.do("/self/devices/PHONE1/wipe", kind="device", typed="PHONE1")).status_code == 303
    assert gateway.device().state is DeviceState.WIPE_REQUIRED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (SafeguardChanges(approve_full_wipes=True), "two administrators"),
        (SafeguardChanges(approve_full_wipes=False, never_full_wipe=True), "accounts only"),
    ],
)
async def test_what_the_organisation_does_not_leave_to_its_people_is_forbidden(
    gateway: Gateway, ann: Browser, changes: SafeguardChanges, why: str
) -> None:
    await gateway.enrolled()
    guard(gateway, changes)
    assert why in (await ann.get("/self/devices/PHONE1")).text
    answer = await ann.do("/self/devices/PHONE1/wipe", kind="device", typed="PHONE1")
    assert answer.status_code == 403
    assert gateway.made.wipes.last(gateway.key()) is None


async def test_my_own_orders_do_not_freeze_the_organisation(gateway: Gateway, ann: Browser) -> None:
    names = [f"PHONE{number}" for number in range(1, 8)]
    for name in names:
        await gateway.enrolled(device_id=name)
        done = await ann.do(f"/self/devices/{name}/wipe", kind="account")
        assert done.status_code == 303
    home = gateway.made.tenants.organisation(gateway.organisation.id)
    assert home.safeguards.frozen == ""


async def test_i_remove_a_device(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    assert (await ann.do("/self/devices/PHONE1/remove")).status_code == 303
    assert "PHONE1" not in (await ann.get("/self/")).text

"""What a person does at ``/self/``: devices, app passwords, the profile, in two languages (product 7.8)."""

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.endpoints import self_service
from gateway.endpoints.self_service.things import CONSOLE, HERE, THINGS, _named
from gateway.endpoints.wording import read_languages
from gateway.services.safeguards import SafeguardChanges
from gateway.services.self_sessions import FRESH
from mdm.device import DeviceState, WipeKind
from mdm.policy import SETTINGS
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, backend
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import DOMAIN
from tests.support.self_service import Browser, browsing, trusting

__all__ = ["backend"]
TEXT = re.compile(r"""\b_\(\s*"((?:[^"\\]|\\.)*)\"""")


@pytest.fixture
async def gateway(tmp_path: Path, backend: RecordingBackend) -> AsyncIterator[Gateway]:
    async with trusting(tmp_path, backend) as running:
        yield running


@pytest.fixture
async def ann(gateway: Gateway) -> AsyncIterator[Browser]:
    async with browsing(gateway) as browser:
        await browser.sign_in()
        yield browser


async def stale(gateway: Gateway) -> None:
    """The password was shown a while ago."""
    with gateway.made.store.write() as transaction:
        from sqlalchemy import update

        from gateway.store.tables_self_service import self_sessions

        moved = {"proved_at": gateway.organisation.created_at - FRESH}
        transaction.self_sessions._connection.execute(update(self_sessions).values(**moved))  # type: ignore[attr-defined]


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


async def test_a_whole_phone_wants_its_name(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    changes = SafeguardChanges(approve_full_wipes=False)
    gateway.made.safeguards.change(ADMIN, gateway.organisation.id, changes, may_loosen=True)
    unnamed = await ann.do("/self/devices/PHONE1/wipe", kind="device", typed="another")
    assert unnamed.status_code == 400
    assert (await ann.do("/self/devices/PHONE1/wipe", kind="device", typed="PHONE1")).status_code == 303
    assert gateway.device().state is DeviceState.WIPE_REQUIRED


async def test_where_two_administrators_decide_no_user_asks(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    assert "two administrators" in (await ann.get("/self/devices/PHONE1")).text
    answer = await ann.do("/self/devices/PHONE1/wipe", kind="device", typed="PHONE1")
    assert answer.status_code == 403
    assert gateway.made.wipes.last(gateway.key()) is None


async def test_what_the_organisation_forbids_is_forbidden(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    changes = SafeguardChanges(never_full_wipe=True)
    gateway.made.safeguards.change(ADMIN, gateway.organisation.id, changes, may_loosen=True)
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


async def test_i_make_and_revoke_an_app_password(gateway: Gateway, ann: Browser) -> None:
    made = await ann.do("/self/app-passwords", label="My <b>phone</b>", days="30")
    secret = re.search(r"<code>([a-z2-7-]{23})</code>", made.text)
    assert secret is not None
    assert made.headers["cache-control"] == "no-store"
    listed = (await ann.get("/self/app-passwords")).text
    assert secret[1] not in listed
    assert "My &lt;b&gt;phone" in listed
    (kept,) = gateway.made.app_passwords.list(gateway.key().user)
    assert kept.expires_at is not None
    assert (await ann.do(f"/self/app-passwords/{kept.id}/revoke")).status_code == 303
    assert gateway.made.app_passwords.list(gateway.key().user) == []
    for days in ("0", "732", "x", "-1", "9" * 300, "00001" + "9" * 30):
        assert (await ann.do("/self/app-passwords", label="x", days=days)).status_code == 400


async def test_what_gives_away_asks_for_the_password_again(gateway: Gateway, ann: Browser) -> None:
    await gateway.enrolled()
    await stale(gateway)
    asked = (
        ("/self/app-passwords", {"label": "x"}),
        ("/self/devices/PHONE1/wipe", {"kind": "account"}),
        ("/self/devices/PHONE1/remove", {}),
    )
    for path, form in asked:
        for proof in ({}, {"proof": "Wrong-Horse-1"}):
            refused = await ann.do(path, **form, **proof)
            assert refused.status_code == 403
            assert 'name="proof"' in refused.text
    assert gateway.made.app_passwords.list(gateway.key().user) == []
    assert (await ann.do("/self/app-passwords", label="x", proof=PASSWORD)).status_code == 200
    assert (await ann.do("/self/app-passwords", label="y")).status_code == 200


async def test_what_the_organisation_can_see_and_do_is_told_in_both_languages(
    gateway: Gateway, ann: Browser
) -> None:
    await gateway.enrolled()
    assert "PHONE1" in (await ann.get("/self/organisation")).text
    german = (await ann.get("/self/organisation", **{"Accept-Language": "de"})).text
    assert "Was meine Organisation sehen und tun kann" in german


async def test_the_profile_is_mine(ann: Browser) -> None:
    answer = await ann.get("/self/profile")
    assert answer.status_code in (200, 503)
    if answer.status_code == 200:
        assert answer.headers["content-type"] == "application/x-apple-aspen-config"


def test_the_second_language_knows_every_text() -> None:
    german = read_languages((CONSOLE / "words", HERE / "words"))["de"].texts
    wanted = {setting.title for setting in SETTINGS if setting.kind.name == "FLAG"}
    for page in (Path(self_service.__file__).parent / "templates").iterdir():
        wanted |= set(TEXT.findall(page.read_text("utf-8")))
    kept = {"Infrared"} & set(german)
    assert kept
    missing = sorted(wanted - set(german) - {"S/MIME certificates in software"})
    assert missing == []


def test_no_translation_loses_a_value() -> None:
    for table in (HERE / "words" / "de").iterdir():
        for english, other in tomllib.loads(table.read_text("utf-8"))["texts"].items():
            assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", other)), english


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/self/devices/X", "X"),
        ("/self/devices/", None),
        ("/self/devices/X/Y", None),
        ("/self/devices", None),
        ("/self/devices/X/wipe", None),
    ],
)
def test_an_id_is_one_part_of_a_path(path: str, named: str | None) -> None:
    assert _named("/self/devices/{}", path) == named


def test_only_signing_in_is_open() -> None:
    assert {thing.path for thing in THINGS if thing.open} == {"/self/sign-in", "/self/style.css"}
    assert {thing.does for thing in THINGS if thing.proved} == {"wipe", "remove", "make_app_password"}

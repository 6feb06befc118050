"""A client that none of us wrote: ``pyactivesync`` from PyPI, over TLS through the gateway to SOGo.

It speaks 16.1 only, sends no PolicyKey before it has one, acknowledges the policy with the key in the query
instead of the header, and is what a hand-written client tends to be: strict where the gateway must be exact.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from email.message import EmailMessage

import pytest
import requests
from pyactivesync import Client, FolderType, StatusError
from pyactivesync.models import PingResult

from mdm.device import DeviceState
from tests.support.gateway_process import Gateway, gateway
from tests.support.sogo_lab import DOMAIN, Person, SogoLab

pytestmark = pytest.mark.sogo

RELEASE_S = 2.0
"""From the accepted order to the release, beside other tests; the p99 of 1 s is measured by bench.release."""


@pytest.fixture(scope="module")
def usher(sogo: SogoLab) -> Iterator[Gateway]:
    with gateway({"url": sogo.url, "user_mapping": "local_part"}, DOMAIN) as running:
        yield running


@pytest.fixture(autouse=True)
def trust(usher: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The development authority, told to the client in the way of its HTTP library."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(usher.authority))


@pytest.fixture
def who(sogo: SogoLab) -> Person:
    return sogo.new_user()


@pytest.fixture
def client(usher: Gateway, who: Person, request: pytest.FixtureRequest) -> Iterator[Client]:
    device = f"py{abs(hash(request.node.name)) % 10**9}"
    with connected(usher, who, device) as running:
        yield running


def connected(usher: Gateway, who: Person, device_id: str) -> Client:
    return Client(
        f"localhost:{usher.https}",
        who.address,
        who.password,
        device_id=device_id,
    )


def settled(client: Client, folder_id: str) -> tuple[str, list[str]]:
    """Sync until nothing is left: the key to go on from, and the subjects that came."""
    key, found = "0", []
    for _ in range(10):
        began = key == "0"
        result = client.sync_folder(folder_id, sync_key=key)
        key = result.sync_key
        found += [item.fields.get("Email.Subject", "") for item in result.added]
        if not began and not result.added and not result.more_available:
            return key, found
    raise AssertionError("the folder never comes to rest")


def inbox_id(client: Client) -> str:
    return next(folder.id for folder in client.list_folders() if folder.type == FolderType.INBOX)


def test_it_provisions(client: Client, usher: Gateway) -> None:
    key = client.provision()
    device = usher.device(client._transport.device_id)
    assert device.state is DeviceState.PROVISIONING_SUCCEEDED
    assert int(key) == device.policy_key
    assert device.information.friendly_name == "pyactivesync client"


def test_it_lists_folders(client: Client) -> None:
    folders = client.list_folders()
    kinds = {folder.type for folder in folders}
    assert {FolderType.INBOX, FolderType.DRAFTS, FolderType.SENT_ITEMS, FolderType.CALENDAR} <= kinds


def test_it_syncs(client: Client, sogo: SogoLab, who: Person) -> None:
    sogo.deliver(who, "first for pyactivesync")
    sogo.deliver(who, "second for pyactivesync")
    _, subjects = settled(client, inbox_id(client))
    assert sorted(subjects) == ["first for pyactivesync", "second for pyactivesync"]


def test_its_ping_returns_for_new_mail(client: Client, sogo: SogoLab, who: Person) -> None:
    sogo.deliver(who, "already there")
    folder = inbox_id(client)
    key, _ = settled(client, folder)
    with ThreadPoolExecutor(1) as pool:
        ping = hanging(pool, client, folder)
        sogo.deliver(who, "wake up")
        result = ping.result(40)
    assert (result.status, result.changed_folder_ids) == ("2", [folder])
    assert [item.fields["Email.Subject"] for item in client.sync_folder(folder, sync_key=key).added] == [
        "wake up"
    ]


def hanging(pool: ThreadPoolExecutor, client: Client, folder: str) -> "Future[PingResult]":
    ping = pool.submit(client.ping, folder, heartbeat=60, timeout=90)
    time.sleep(1.0)
    assert not ping.done(), ping.result()
    return ping


def test_it_sends_mail(client: Client, sogo: SogoLab, who: Person) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = who.address, "someone@elsewhere.test", "sent by pyactivesync"
    mail.set_content("Good morning.")
    client.send_mail(mail)
    assert sogo.sent("sent by pyactivesync").recipients == ["someone@elsewhere.test"]


def test_a_wipe_reaches_it(client: Client, usher: Gateway, sogo: SogoLab) -> None:
    """It knows nothing of wipes; what counts is that it is released and gets no more data."""
    folder = inbox_id(client)
    settled(client, folder)
    device = client._transport.device_id
    with ThreadPoolExecutor(1) as pool:
        ping = hanging(pool, client, folder)
        heard = len(sogo.requests(device))
        usher.wipe(device)
        assert ping.result(RELEASE_S).status == "7"
    with pytest.raises(StatusError) as refused:
        client.list_folders()
    assert refused.value.code == "140"
    assert [line for line in sogo.requests(device)[heard:] if line.parameter("Cmd") != "Ping"] == []


def test_a_wrong_password_is_a_401_with_a_challenge(usher: Gateway, who: Person) -> None:
    liar = Person(who.name, "not-it")
    with connected(usher, liar, "pywrong") as client, pytest.raises(requests.HTTPError) as refused:
        client.list_folders()
    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["WWW-Authenticate"].startswith("Basic ")


def test_who_does_not_trust_the_authority_does_not_connect(
    usher: Gateway, who: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with connected(usher, who, "pystranger") as client, pytest.raises(requests.exceptions.SSLError):
        client.list_folders()

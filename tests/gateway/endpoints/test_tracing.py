"""What is recorded of a traced device, and that nothing secret ever is (product 8, T28)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.endpoints import tracing
from gateway.endpoints.tracing import MASK, Tracing, first_status, headers, tree
from gateway.errors import GatewayError, Kind
from gateway.log import Trace
from gateway.records import Change, Scope
from gateway.records.protocol import Exchange, Traced
from mdm.ashttp import Version
from mdm.device import DeviceKey
from mdm.wbxml import encode
from tests.support import partnership
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, until
from tests.support.inhabited import ADMIN, PASSWORD
from tests.support.mail_server import posts

KEY = DeviceKey("m-1", "u-1", "PHONE1")
FUTURE = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251


async def traced(gateway: Gateway) -> DeviceKey:
    """The gateway's phone, recorded from now on."""
    key = gateway.key()
    async with gateway.hears():
        gateway.made.protocol_logs.switch_on(ADMIN, key)
    await until(lambda: key in gateway.app._tracing.until)
    return key


async def recorded(gateway: Gateway, key: DeviceKey) -> list[dict[str, Any]]:
    await gateway.app._tracing.round()
    return [dict(one.document) for one in gateway.made.protocol_logs.read(key)]


async def test_nothing_is_watched_while_nobody_is_traced(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    await phone.folder_sync()
    assert gateway.app._tracing.until == {}
    assert await recorded(gateway, gateway.key()) == []


async def test_what_passes_through_is_told_and_not_read(gateway: Gateway, backend: RecordingBackend) -> None:
    phone = await gateway.enrolled()
    key = await traced(gateway)
    await phone.folder_sync()
    assert posts(backend)[-1:] == ["FolderSync"]
    (told,) = await recorded(gateway, key)
    assert (told["command"], told["verdict"], told["http_status"]) == ("FolderSync", "answered", 200)
    assert told["request_document"] is told["answer_document"] is None
    assert told["octets_received"] > 0
    assert told["octets_sent"] > 0
    assert 0 < told["ms_to_answer"] <= told["ms"]
    names = dict(told["request_headers"])
    assert names["authorization"] == MASK
    assert names["x-ms-policykey"] == MASK
    assert names["content-type"].startswith("application/vnd.ms-sync")


async def test_provisioning_is_told_with_its_documents_and_without_its_keys(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    key = await traced(gateway)
    device = gateway.device()
    await phone.provision()
    found = await recorded(gateway, key)
    assert [told["command"] for told in found] == ["Provision", "Provision"]
    assert [told["status"] for told in found] == ["1", "1"]
    text = json.dumps(found)
    fresh = gateway.device()
    for secret in (device.policy_key, fresh.policy_key, fresh.temporary_key or fresh.policy_key):
        assert str(secret) not in text
    assert PASSWORD not in text
    assert "DevicePasswordEnabled" in text
    assert "MS-EAS-Provisioning-WBXML" in text


async def test_it_ends_when_it_is_switched_off(gateway: Gateway) -> None:
    phone = await gateway.enrolled()
    key = await traced(gateway)
    async with gateway.hears():
        gateway.made.protocol_logs.switch_off(ADMIN, key)
    await until(lambda: not gateway.app._tracing.until)
    await phone.folder_sync()
    assert await recorded(gateway, key) == []


def test_only_names_of_headers_unless_they_are_known_to_be_harmless() -> None:
    sent = [(b"X-New-Secret", b"s3cret"), (b"User-Agent", b"Phone\x1b[2J"), (b"Cookie", b"a=b")]
    assert headers(sent) == [["x-new-secret", MASK], ["user-agent", "Phone?[2J"], ["cookie", MASK]]


def test_a_document_keeps_its_shape_and_loses_its_text() -> None:
    shown = tree(encode(partnership.initial(Version.V16_1)))
    assert shown is not None
    assert shown[0] == "Provision"
    assert "MS-EAS-Provisioning-WBXML" in json.dumps(shown)
    assert tree(b"no wbxml") is None
    acknowledged = tree(encode(partnership.acknowledgement(4242424242)))
    assert "4242424242" not in json.dumps(acknowledged)
    assert ["PolicyKey", MASK] in _lists(acknowledged)
    assert first_status(acknowledged) == "1"
    assert first_status(None) == first_status(["A", ["B"]]) == ""


def _lists(shown: Any) -> list[Any]:
    children = [child for child in shown[1:] if isinstance(child, list)]
    return [shown, *(found for child in children for found in _lists(child))]


async def _none() -> list[Traced]:
    return []


async def _refuse(_exchanges: Any) -> None:
    raise GatewayError(Kind.UNAVAILABLE)


def _request(watch: Tracing, key: DeviceKey | None) -> None:
    trace = Trace("r1", "192.0.2.1")

    async def nothing(*_: Any) -> Any:
        return {}

    watch.begin(trace, {"method": "POST", "headers": []}, nothing, nothing)
    trace.device = key
    watch.end(trace, "16.1")


async def test_no_request_waits_and_what_is_too_much_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "WAITING", 3)
    watch = Tracing(_none, _refuse)
    watch.until = {KEY: FUTURE.timestamp()}
    for _ in range(5):
        _request(watch, KEY)
    assert watch.lost == 2
    with pytest.raises(GatewayError):
        await watch.round()
    assert watch.lost == 5
    await watch.close()


async def test_others_are_dropped_and_so_is_who_is_over() -> None:
    kept: list[Exchange] = []

    async def keep(exchanges: Any) -> None:
        kept.extend(exchanges)

    watch = Tracing(_none, keep)
    watch.until = {KEY: FUTURE.timestamp(), DeviceKey("m-1", "u-1", "OVER"): 1.0}
    for key in (None, DeviceKey("m-1", "u-2", "PHONE1"), DeviceKey("m-1", "u-1", "OVER"), KEY):
        _request(watch, key)
    await watch.round()
    assert [one.key for one in kept] == [KEY]
    assert list(watch.until) == [KEY]
    assert watch._under_way == {}


async def test_who_is_traced_is_asked_when_a_device_changed() -> None:
    asked: list[int] = []

    async def read() -> list[Traced]:
        asked.append(1)
        return [Traced(KEY, FUTURE, FUTURE, "ann")]

    watch = Tracing(read, _refuse)
    watch.changed([Change(Scope.POLICY, "m-1")])
    assert not watch._asking
    for _ in range(3):
        watch.changed([Change(Scope.DEVICE, "m-1", "u-1", "PHONE1")])
    await until(lambda: KEY in watch.until)
    assert asked == [1]

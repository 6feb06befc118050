"""What is shown of a device is chosen field by field (T28)."""

from dataclasses import fields

from gateway.endpoints.api.device_views import (
    DeviceView,
    PeerView,
    Reported,
    WipeView,
    counts_view,
    peer_view,
    view,
)
from gateway.records import BackendKey
from gateway.records.inventory import Counts
from mdm.device import Device, DeviceInformation, Wipe, WipeKind
from tests.support.stores import NOON, device

HIDDEN = {
    "key",
    "information",
    "policy_key",
    "temporary_key",
    "offered_at",
    "offered_digest",
    "offers",
    "offers_since",
    "proof_key",
    "proof_failures",
    "proof_window",
    "revision",
}


def test_every_field_is_shown_or_hidden_on_purpose() -> None:
    derived = {"family_label", "service", "wipe_erases"}
    named = {"organisation", "user", "address", "device_id", "reported"}
    shown = set(DeviceView.model_fields) - named - derived
    assert {field.name for field in fields(Device)} == shown | HIDDEN
    assert set(WipeView.model_fields) - {"progress"} == {field.name for field in fields(Wipe)}
    assert set(Reported.model_fields) == {field.name for field in fields(DeviceInformation)}


def test_of_a_backends_key_only_that_there_is_one() -> None:
    assert {field.name for field in fields(BackendKey)} == (set(PeerView.model_fields) - {"provisioned"}) | {
        "key",
        "policy_key",
        "handshakes",
        "window",
        "busy_until",
        "informed",
    }
    shown = peer_view(BackendKey(device().key, "exchange", policy_key=4711, given_at=NOON, wipe_at=NOON))
    assert (shown.provisioned, shown.backend, shown.wipe_at) == (True, "exchange", NOON)
    assert "4711" not in shown.model_dump_json()
    assert not peer_view(BackendKey(device().key, "exchange")).provisioned


def test_counts_are_shown_as_they_are() -> None:
    shown = counts_view(Counts(3, False, {"Wipe Required": 3}, {"ios": 2, "outlook": 1}, {"16.1": 3}))
    assert shown.model_dump() == {
        "total": 3,
        "exact": False,
        "states": {"Wipe Required": 3},
        "families": {"ios": 2, "outlook": 1},
        "protocols": {"16.1": 3},
    }


def test_the_values_are_the_records() -> None:
    wipe = Wipe(WipeKind.ACCOUNT, NOON, "root", "lost")
    told = DeviceInformation(model="iPhone15,2", phone_number="+49")
    record = device(policy_key=4711, proof_key=4711, wipe=wipe, information=told)
    shown = view(record, "ann@acme.example")
    assert (shown.address, shown.device_id, shown.user) == ("ann@acme.example", "PHONE1", record.key.user)
    assert shown.wipe is not None
    assert (shown.wipe.reason, shown.wipe.kind) == ("lost", WipeKind.ACCOUNT)
    assert (shown.reported.model, shown.reported.imei) == ("iPhone15,2", None)
    assert "4711" not in shown.model_dump_json()

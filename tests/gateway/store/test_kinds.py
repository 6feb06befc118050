"""What devices report, each combination once; whom a rule means, the database says."""

import pytest

from gateway.store import DatabaseStore
from gateway.store.kinds import REPORTED
from mdm.device import DeviceInformation, DeviceState
from mdm.rules import Condition
from tests.support.stores import ACME, GLOBEX, device
from tests.support.tenancy import ANN, BOB, CAS, DIVIDED, INNER, OUTER, SHUT, settle

MODELS = {ANN.id: "A", BOB.id: "B", CAS.id: "C"}


@pytest.fixture(autouse=True)
def _settled(store: DatabaseStore) -> None:
    """Two devices of each person, the second with its owner's model, and one that is being wiped."""
    settle(store)
    with store.write() as transaction:
        for place, owner in enumerate((ANN, BOB, CAS)):
            told = DeviceInformation(model=MODELS[owner.id], os="iOS 18", user_agent="told")
            address = ("192.0.2.1", "2001:db8::1", "::ffff:198.51.100.1")[place]
            transaction.devices.add(device("SECOND", owner, information=told, last_ip=address, user_agent=""))
        wiped = DeviceInformation(model="wiped")
        gone = device("GONE2", ANN, information=wiped, state=DeviceState.WIPE_REQUIRED)
        transaction.devices.add(gone)


def models(store: DatabaseStore, *named: Condition) -> set[str | None]:
    with store.read() as transaction:
        found = [each["model"] for each in transaction.kinds.of(ACME.id, {"model"}, named)]
    assert len(found) == len(set(found)), "a combination stands twice"
    return set(found)


def test_each_combination_stands_once_and_what_is_wiped_not_at_all(store: DatabaseStore) -> None:
    assert models(store) == {None, "A", "B", "C"}
    with store.read() as transaction:
        assert list(transaction.kinds.of(ACME.id, ())) == [{}]
        told = [each for each in transaction.kinds.of(ACME.id, REPORTED) if each["model"] == "A"]
        agents = {each["user_agent"] for each in transaction.kinds.of(ACME.id, {"user_agent", "model"})}
    assert told == [
        {
            "device_type": "iPhone",
            "model": "A",
            "os": "iOS 18",
            "user_agent": "told",
            "protocol_version": "16.1",
            "network": "192.0.2.1",
        }
    ]
    assert "told" in agents


@pytest.mark.parametrize(
    ("condition", "owners"),
    [
        (Condition("user", (ANN.id,)), "A"),
        (Condition("user", (BOB.address, "nobody@other.example")), "B"),
        (Condition("user", (BOB.address,), negated=True), "AC"),
        (Condition("group", (OUTER,)), "B"),
        (Condition("group", (INNER, SHUT)), "B"),
        (Condition("group", (SHUT,)), ""),
        (Condition("group", (OUTER,), negated=True), "AC"),
        (Condition("domain", ("other.example",)), "BC"),
        (Condition("domain", ("other.example",), negated=True), "A"),
        (Condition("network", ("192.0.2.0/24", "203.0.113.7")), "A"),
        (Condition("network", ("2001:db8::/64",)), "B"),
        (Condition("network", ("::ffff:198.51.100.0/120",)), "C"),
        (Condition("network", ("::/0",)), "ABC"),
    ],
)
def test_whom_a_condition_means(store: DatabaseStore, condition: Condition, owners: str) -> None:
    assert {each for each in models(store, condition) if each} == set(owners)


def test_all_conditions_have_to_hold(store: DatabaseStore) -> None:
    both = (Condition("domain", ("other.example",)), Condition("group", (OUTER,), negated=True))
    assert models(store, *both) - {None} == {"C"}


def test_nothing_is_told_of_who_is_out_of_reach(store: DatabaseStore) -> None:
    reach, _ = DIVIDED["group"]
    with store.within(reach).read() as transaction:
        assert {each["model"] for each in transaction.kinds.of(ACME.id, {"model"})} == {None, "B"}
        assert list(transaction.kinds.of(GLOBEX.id, ())) == []

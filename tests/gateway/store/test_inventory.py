"""Pages of the device list: any filter with any sort, nothing twice and nothing lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.records.inventory import FIELDS, Check, Condition, Listing, Ordering, Place
from gateway.store import DatabaseStore
from gateway.store.inventory_rows import row_of
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceState
from tests.support.stores import ACME, GLOBEX, NOON, device, user

ANN, BOB, EVE = user(), user("bob"), user("eve", GLOBEX, "globex.example")
MODELS = ("", "iPhone", "IPHONE 15", "Ünïcode\x1b[31m", "z")


def fleet() -> list[Device]:
    """Few values in each field, so that ties are the rule."""
    made = []
    for number in range(24):
        owner = (ANN, BOB, EVE)[number % 3]
        told = DeviceInformation(model=MODELS[number % 5] or None, os=f"OS {number % 2}")
        made.append(
            replace(
                device(f"D{number:02}", owner, information=told),
                state=list(DeviceState)[number % 4],
                access=AccessLevel.BLOCK if number % 4 == 0 else None,
                last_sync=NOON - timedelta(days=number % 3) if number % 3 else None,
                last_ip=("", "192.0.2.7", "2001:db8::1")[number % 3],
                protocol_version=("12.1", "14.1", "16.1")[number % 3],
            )
        )
    return made


def settle(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for organisation in (ACME, GLOBEX):
            transaction.directory.add_organisation(organisation)
        for owner in (ANN, BOB, EVE):
            transaction.directory.add_user(owner)
        for each in fleet():
            transaction.devices.add(each)


def pages(store: DatabaseStore, listing: Listing, between: Callable[[], None] = lambda: None) -> list[Device]:
    """All pages, one after another."""
    found: list[Device] = []
    while True:
        with store.read() as transaction:
            page = transaction.devices.find(listing)
        assert len(page.devices) <= listing.limit
        found += page.devices
        if page.next is None:
            return found
        listing = replace(listing, after=page.next)
        between()


def sort_values(found: list[Device], field: str) -> list[object]:
    addresses = {each.id: each.address for each in (ANN, BOB, EVE)}
    return [row_of(each, addresses[each.key.user], "")[field] for each in found]


def test_every_sort_gives_the_whole_list_in_order_in_pages_of_any_size(store: DatabaseStore) -> None:
    settle(store)
    everything = {each.key for each in fleet()}

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from([name for name in FIELDS if name != "user_name"]), st.booleans(), st.integers(1, 30)
    )
    def check(field: str, descending: bool, limit: int) -> None:
        found = pages(store, Listing(ordering=Ordering(field, descending), limit=limit))
        assert len(found) == len(everything)
        assert {each.key for each in found} == everything
        values = sort_values(found, field)
        assert values == sorted(values, reverse=descending)

    check()


CONDITIONS = st.sampled_from(
    [
        Condition("model", Check.BEGINS, ("iphone",)),
        Condition("model", Check.CONTAINS, ("15",)),
        Condition("model", Check.IS, ("",), negated=True),
        Condition("os", Check.IS, ("os 1",)),
        Condition("state", Check.ONE_OF, (0, 2)),
        Condition("access", Check.ONE_OF, (0,), negated=True),
        Condition("protocol", Check.AT_LEAST, (141,)),
        Condition("protocol", Check.BELOW, (161,)),
        Condition("last_ip", Check.BETWEEN, ("4c0000200", "4c00002ff")),
        Condition("last_sync", Check.IS, (0,)),
        Condition("device_id", Check.CONTAINS, ("d1",)),
    ]
)


def holds(condition: Condition, each: Device) -> bool:
    value = row_of(each, "", "")[condition.field]
    first, last = condition.values[0], condition.values[-1]
    said = {
        Check.IS: lambda: value == first,
        Check.BEGINS: lambda: value.startswith(first),
        Check.CONTAINS: lambda: str(first).casefold() in value.casefold(),
        Check.BELOW: lambda: value < first,
        Check.AT_LEAST: lambda: value >= first,
        Check.ONE_OF: lambda: value in condition.values,
        Check.BETWEEN: lambda: first <= value <= last,
    }[condition.check]()
    return bool(said) is not condition.negated


def test_any_filter_with_any_sort_gives_those_that_answer_it(store: DatabaseStore) -> None:
    settle(store)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(CONDITIONS, max_size=3), st.sampled_from(sorted(FIELDS)), st.booleans(), st.integers(1, 9)
    )
    def check(conditions: list[Condition], field: str, descending: bool, limit: int) -> None:
        listing = Listing(None, None, tuple(conditions), "", Ordering(field, descending), None, limit)
        wanted = {each.key for each in fleet() if all(holds(one, each) for one in conditions)}
        found = pages(store, listing)
        assert {each.key for each in found} == wanted
        assert len(found) == len(wanted)

    check()


@pytest.mark.parametrize("descending", [False, True])
def test_devices_that_come_meanwhile_neither_hide_nor_repeat_another(
    store: DatabaseStore, descending: bool
) -> None:
    settle(store)
    numbers = iter(range(100))

    def one_more() -> None:
        with store.write() as transaction:
            for name in (f"A{next(numbers)}", f"Z{next(numbers)}"):
                transaction.devices.add(device(name, ANN))

    listing = Listing(ordering=Ordering("model", descending), limit=5)
    found = [each.key for each in pages(store, listing, one_more)]
    assert len(found) == len(set(found))
    assert {each.key for each in fleet()} <= set(found)


def test_organisation_user_and_text_narrow_the_list(store: DatabaseStore) -> None:
    settle(store)
    assert {each.key.organisation for each in pages(store, Listing(GLOBEX.id))} == {GLOBEX.id}
    assert {each.key.user for each in pages(store, Listing(user=BOB.id))} == {BOB.id}
    assert {each.key.user for each in pages(store, Listing(search="eve"))} == {EVE.id}
    assert [each.key.device_id for each in pages(store, Listing(search="d07"))] == ["D07"]
    assert pages(store, Listing(search="%")) == []


def test_a_page_names_the_addresses_of_its_users(store: DatabaseStore) -> None:
    settle(store)
    with store.read() as transaction:
        page = transaction.devices.find(Listing(GLOBEX.id))
    assert page.addresses == {EVE.id: EVE.address}
    assert page.next is None


def test_no_organisation_is_left_by_a_place_of_another(store: DatabaseStore) -> None:
    settle(store)
    place = Place("", ACME.id, "", "")
    with store.read() as transaction:
        found = transaction.devices.find(Listing(GLOBEX.id, ordering=Ordering("os"), after=place)).devices
    assert {each.key.organisation for each in found} == {GLOBEX.id}


def test_devices_are_counted_by_state_family_and_protocol(store: DatabaseStore) -> None:
    settle(store)
    with store.read() as transaction:
        counts = transaction.devices.counts(Listing(ACME.id))
        some = transaction.devices.counts(Listing(conditions=(Condition("state", Check.ONE_OF, (0,)),)))
    assert (counts.total, counts.exact) == (16, True)
    assert sum(counts.families.values()) == sum(counts.states.values()) == 16
    assert sum(counts.protocols.values()) == 16
    assert set(counts.protocols) == {"12.1", "14.1"}
    assert some.states == {DeviceState.PROVISIONING_REQUIRED.value: 6}

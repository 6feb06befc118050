"""Policies over one another (product 4.2): the most specific wins, field by field, with its origin."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.errors import PolicyError
from mdm.layers import Effective, Layer, Reach, compare, lay, partial, said_by
from mdm.policy import DEFAULT, Policy

LENGTH, EXPIRY, LOCK = "MinDevicePasswordLength", "DevicePasswordExpiration", "MaxInactivityTimeDeviceLock"


def layer(reach: Reach, policy: str = "p", priority: int = 0, **said: Any) -> Layer:
    switches = {name: said.pop(name) for name in ("accept_partial", "refresh_hours") if name in said}
    return Layer(reach, "", policy, 1, {"settings": said, **switches}, priority)


def test_nothing_laid_is_the_default_policy_and_has_no_origin() -> None:
    effective = lay([])
    assert effective.policy.to_document() == Policy().to_document()
    assert effective.value(LENGTH) == (DEFAULT.value(LENGTH), None)


def test_the_most_specific_wins_field_by_field() -> None:
    base = layer(Reach.ORGANISATION, "base", **{LENGTH: 4, EXPIRY: 90})
    group = layer(Reach.GROUP, "sales", **{LENGTH: 8, "accept_partial": True})
    user = layer(Reach.USER, "chief", accept_partial=False)
    effective = lay([user, base, group])
    assert effective.value(LENGTH) == (8, group)
    assert effective.value(EXPIRY) == (90, base)
    assert effective.policy.accept_partial is False
    assert effective.origins["accept_partial"] is user
    assert effective.names == "chief@1 over sales@1 over base@1"


def test_priority_decides_among_groups_and_the_name_among_equals() -> None:
    low, high = layer(Reach.GROUP, "z", 1, **{LENGTH: 4}), layer(Reach.GROUP, "a", 2, **{LENGTH: 6})
    assert lay([high, low]).value(LENGTH) == (6, high)
    one, other = layer(Reach.GROUP, "a", **{LENGTH: 4}), layer(Reach.GROUP, "b", **{LENGTH: 6})
    assert lay([other, one]).value(LENGTH) == (6, other)


def test_unset_in_a_specific_layer_is_the_default_again() -> None:
    effective = lay([layer(Reach.ORGANISATION, **{LENGTH: 8}), layer(Reach.USER, "u", **{LENGTH: None})])
    assert effective.value(LENGTH)[0] == DEFAULT.value(LENGTH)


def test_a_document_keeps_to_what_was_said() -> None:
    said = {"settings": {LENGTH: 6}, "accept_partial": True}
    assert partial(said) == said
    assert partial({}) == {"settings": {}}
    assert said_by(said) == {LENGTH: 6, "accept_partial": True}
    with pytest.raises(PolicyError) as caught:
        partial({"settings": {LENGTH: "x"}, "colour": 1})
    assert set(caught.value.faults) == {LENGTH, "colour"}


def test_what_differs_between_two_policies() -> None:
    before, after = Policy({LENGTH: 4}), Policy({LENGTH: 8, LOCK: DEFAULT.value(LOCK)})
    assert dict(compare(before, after)) == {LENGTH: (4, 8)}


SAID = st.dictionaries(st.sampled_from([LENGTH, EXPIRY, LOCK]), st.integers(1, 16), max_size=3)
LAYERS = st.lists(
    st.builds(
        lambda reach, said, priority, name: layer(reach, name, priority, **said),
        st.sampled_from(Reach),
        SAID,
        st.integers(0, 3),
        st.sampled_from("abc"),
    ),
    max_size=6,
)


@given(LAYERS, st.randoms(use_true_random=False))
def test_every_value_in_force_is_its_origins_and_nobody_more_specific_speaks_of_it(
    layers: list[Layer], chance: Any
) -> None:
    effective: Effective = lay(layers)
    for name in (LENGTH, EXPIRY, LOCK):
        value, origin = effective.value(name)
        speaking = [held for held in layers if name in said_by(held.document)]
        if origin is None:
            assert not speaking
        else:
            assert said_by(origin.document)[name] == value
            assert all((held.reach, held.priority) <= (origin.reach, origin.priority) for held in speaking)

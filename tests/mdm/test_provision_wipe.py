"""Provision while a wipe is open: it outranks every shape of request, and no device can undo it (2.7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.ashttp import Command, Reply, Version
from mdm.device import Device, DeviceState, WipeKind
from mdm.lifecycle import WIPING, Effect, Input
from mdm.policy import DEFAULT, Policy
from mdm.provision import Exchange, directive, exchange, read
from mdm.wbxml import Element, encode
from tests.support import partnership as p
from tests.support.partnership import NOON, node, policies, provision_root

VERSIONS = (Version.V12_0, *p.SERVED)
FRESH = 998877
each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.text)


def at(version: Version) -> str:
    return version.text


def run(version: Version, root: Element, device: Device, policy: Policy = DEFAULT) -> Exchange:
    request = p.request(Command.PROVISION, version)
    return exchange(request, read(request, encode(root)), device, policy, now=NOON, new_key=FRESH)


SHAPES = {
    "poll": provision_root(),
    "initial": p.initial(Version.V14_1),
    "bare initial": p.initial(Version.V14_0),
    "acknowledgement": p.acknowledgement(p.KEY),
    "declined": p.acknowledgement(p.KEY, 3),
    "unknown type": p.initial(Version.V14_1, "unknown"),
    "malformed": provision_root(policies()),
}


class TestWipe:
    @each_version
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("state", sorted(WIPING, key=lambda s: s.value))
    def test_a_pending_wipe_outranks_whatever_was_asked(
        self, version: Version, shape: str, state: DeviceState
    ) -> None:
        outcome = run(version, SHAPES[shape], p.wiping(state=state))
        expected = provision_root(node("Provision:Status", "1"), node("Provision:RemoteWipe"))
        assert outcome.reply.body == encode(expected)
        assert (outcome.effect, outcome.device.state) == (Effect.DIRECT_WIPE, state)
        assert outcome.device.wipe is not None
        assert outcome.device.wipe.delivered_at == NOON

    @each_version
    def test_success_is_recorded_and_answered_with_status_1(self, version: Version) -> None:
        outcome = run(version, p.wipe_acknowledgement(), p.told())
        assert outcome.reply.body == encode(provision_root(node("Provision:Status", "1")))
        assert (outcome.input, outcome.device.state) == (Input.WIPE_CONFIRMED, DeviceState.WIPE_SUCCEEDED)
        assert outcome.device.wipe is not None
        assert outcome.device.wipe.acknowledged_at == NOON

    @each_version
    def test_failure_is_status_2_with_the_directive_again(self, version: Version) -> None:
        outcome = run(version, p.wipe_acknowledgement(status=2), p.told())
        expected = provision_root(node("Provision:Status", "2"), node("Provision:RemoteWipe"))
        assert outcome.reply.body == encode(expected)
        assert (outcome.input, outcome.device.state) == (Input.WIPE_FAILED, DeviceState.WIPE_REQUIRED)

    def test_a_failure_after_success_gets_the_directive(self) -> None:
        outcome = run(
            Version.V14_0, p.wipe_acknowledgement(status=2), p.told(state=DeviceState.WIPE_SUCCEEDED)
        )
        assert (outcome.effect, outcome.device.state) == (Effect.DIRECT_WIPE, DeviceState.WIPE_SUCCEEDED)

    def test_a_second_acknowledgement_changes_nothing(self) -> None:
        first = run(Version.V14_0, p.wipe_acknowledgement(), p.told())
        second = run(Version.V14_0, p.wipe_acknowledgement(), first.device)
        assert second.device is first.device
        assert second.reply == first.reply

    def test_16_1_gets_the_account_only_directive(self) -> None:
        outcome = run(Version.V16_1, provision_root(), p.wiping(WipeKind.ACCOUNT))
        expected = provision_root(node("Provision:Status", "1"), node("Provision:AccountOnlyRemoteWipe"))
        assert outcome.reply.body == encode(expected)
        done = run(Version.V16_1, p.wipe_acknowledgement(WipeKind.ACCOUNT), outcome.device)
        assert done.device.state is DeviceState.WIPE_SUCCEEDED

    @pytest.mark.parametrize("version", [v for v in VERSIONS if v < Version.V16_1], ids=at)
    @pytest.mark.parametrize("root", [*SHAPES.values(), p.wipe_acknowledgement(WipeKind.ACCOUNT)])
    def test_below_16_1_an_account_order_is_a_block_and_never_a_full_wipe(
        self, version: Version, root: Element
    ) -> None:
        device = p.wiping(WipeKind.ACCOUNT)
        outcome = run(version, root, device)
        assert outcome.device is device
        if version < Version.V14_0:
            assert outcome.reply == Reply(403)
        else:
            assert outcome.reply.body == encode(provision_root(node("Provision:Status", "129")))
        assert directive(WipeKind.ACCOUNT, version) == outcome.reply

    def test_an_erased_account_does_not_answer_an_order_for_the_whole_device(self) -> None:
        outcome = run(Version.V16_1, p.wipe_acknowledgement(WipeKind.ACCOUNT), p.told())
        assert (outcome.effect, outcome.device.state) == (Effect.DIRECT_WIPE, DeviceState.WIPE_REQUIRED)

    @pytest.mark.parametrize("status", [1, 2])
    def test_what_was_never_handed_over_cannot_have_been_obeyed(self, status: int) -> None:
        outcome = run(Version.V14_1, p.wipe_acknowledgement(status=status), p.wiping())
        assert (outcome.effect, outcome.device.state) == (Effect.DIRECT_WIPE, DeviceState.WIPE_REQUIRED)

    def test_an_erased_device_has_no_account_left(self) -> None:
        outcome = run(Version.V16_1, p.wipe_acknowledgement(), p.told(WipeKind.ACCOUNT))
        assert outcome.device.state is DeviceState.WIPE_SUCCEEDED


roots = st.sampled_from(
    [
        *SHAPES.values(),
        p.acknowledgement(FRESH),
        p.acknowledgement(FRESH, 2),
        p.wipe_acknowledgement(),
        p.wipe_acknowledgement(status=2),
        p.wipe_acknowledgement(WipeKind.ACCOUNT),
    ]
)


@given(st.lists(st.tuples(st.sampled_from(VERSIONS), roots), max_size=20), st.sampled_from(WipeKind))
def test_nothing_that_a_device_sends_undoes_a_wipe(
    sent: list[tuple[Version, Element]], kind: WipeKind
) -> None:
    device = p.wiping(kind)
    for version, root in sent:
        outcome = run(version, root, device, Policy(allow_non_provisionable=True))
        if device.state is DeviceState.WIPE_SUCCEEDED:
            assert outcome.device.state is DeviceState.WIPE_SUCCEEDED
        device = outcome.device
        assert device.state in WIPING
        assert device.policy_key == device.temporary_key == 0
        if outcome.reply.body:
            assert p.element_at(outcome.reply, *p.POLICY) is None

"""Any order of administrator's acts and device's requests, in any version: what must hold after each of them.

The phone is not honest: it remembers every key that it ever saw and shows any of them at any time, answers
directives that it never got and acknowledges what it was never offered.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mdm.ashttp import Command, Reply, Version
from mdm.device import DeviceState, WipeKind
from mdm.lifecycle import WIPING, Input
from mdm.policy import Policy
from tests.support import partnership as p
from tests.support.partnership import FORWARDED, FrontDoor, provision_root, text_at

POLICIES = (Policy(), Policy({"AllowCamera": False}), Policy({"MinDevicePasswordLength": 6}))
VERSIONS = st.sampled_from(p.SERVED)
NEWEST = st.integers(0, 5)


class Partnership(RuleBasedStateMachine):
    """One device, one administrator, and a record of who may be served."""

    @initialize(version=VERSIONS)
    def begin(self, version: Version) -> None:
        self.door = FrontDoor(version)
        self.keys = [0, 1]

    def hear(self, reply: Reply) -> None:
        """Remember any key that an answer carries."""
        key = text_at(reply, *p.POLICY_KEY) if reply.body else None
        if key is not None:
            assert self.door.device.state not in WIPING
            self.keys.append(int(key))

    def shown(self, back: int) -> int:
        return self.keys[-1 - back % len(self.keys)]

    @rule(version=VERSIONS)
    def speak_another_version(self, version: Version) -> None:
        self.door.version = version

    @rule()
    def request_the_policy(self) -> None:
        self.hear(self.door.provision(p.initial(self.door.version)))

    @rule(back=NEWEST, status=st.integers(0, 5))
    def acknowledge(self, back: int, status: int) -> None:
        key = self.shown(back)
        self.hear(self.door.provision(p.acknowledgement(key, status), key))

    @rule(kind=st.sampled_from(WipeKind), status=st.integers(0, 3))
    def acknowledge_a_wipe(self, kind: WipeKind, status: int) -> None:
        self.hear(self.door.provision(p.wipe_acknowledgement(kind, status)))

    @rule()
    def poll_for_a_wipe(self) -> None:
        self.hear(self.door.provision(provision_root()))

    @rule(back=NEWEST, absent=st.booleans())
    def fetch_folders(self, back: int, absent: bool) -> None:
        device, key = self.door.device, None if absent else self.shown(back)
        served = self.door.folder_sync(key) == FORWARDED
        complies = device.policy_digest == self.door.policy.digest(self.door.version)
        assert served == (bool(key) and key == device.policy_key and complies)
        assert not (served and device.state in WIPING)

    @rule()
    def ping(self) -> None:
        device = self.door.device
        served = self.door.post(Command.PING, None, None) == FORWARDED
        complies = device.policy_digest == self.door.policy.digest(self.door.version)
        assert served == (device.state is DeviceState.PROVISIONING_SUCCEEDED and complies)

    @rule(policy=st.sampled_from(POLICIES))
    def change_the_policy(self, policy: Policy) -> None:
        self.door.policy = policy
        self.door.happens(Input.POLICY_CHANGED)

    @rule(policy=st.sampled_from(POLICIES))
    def change_the_policy_before_the_devices_hear_of_it(self, policy: Policy) -> None:
        self.door.policy = policy

    @rule(kind=st.sampled_from(WipeKind))
    def order_a_wipe(self, kind: WipeKind) -> None:
        self.door.order_wipe(kind)

    @precondition(lambda self: self.door.device.state is DeviceState.WIPE_REQUIRED)
    @rule()
    def cancel_the_wipe(self) -> None:
        self.door.happens(Input.WIPE_CANCELLED)

    @invariant()
    def only_a_provisioned_device_holds_a_final_key(self) -> None:
        device = self.door.device
        assert (device.policy_key != 0) == (device.state is DeviceState.PROVISIONING_SUCCEEDED)

    @invariant()
    def a_device_that_wipes_holds_nothing(self) -> None:
        device = self.door.device
        if device.state in WIPING:
            assert device.policy_key == device.temporary_key == 0
            assert device.wipe is not None


TestPartnership = Partnership.TestCase
TestPartnership.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)

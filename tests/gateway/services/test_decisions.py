"""The decision trace (product 6.4), and that it never says anything else than the decision itself."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, Kind
from gateway.services.decisions import Imagined
from gateway.services.groups import GroupChanges
from gateway.services.recollection import Recollection
from gateway.services.tenants import Settings
from mdm.ashttp import Version
from mdm.device import AccessLevel, DeviceInformation, WipeKind
from tests.support.stores import NOON
from tests.support.world import ADMIN, World

ALLOW, BLOCK, QUARANTINE = AccessLevel.ALLOW, AccessLevel.BLOCK, AccessLevel.QUARANTINE


def rule(name: str, effect: str, criterion: str, *values: str) -> dict[str, Any]:
    return {"name": name, "effect": effect, "conditions": [{"criterion": criterion, "is": list(values)}]}


def test_every_instance_and_every_rule_is_told(world: World) -> None:
    world.organisation(settings=Settings(default_access=QUARANTINE))
    ann = world.user()
    staff = world.groups.create(ADMIN, "acme", "Staff", GroupChanges())
    world.groups.add_member(ADMIN, "acme", staff.id, ann.address)
    phone = world.phone(ann)
    world.rules.replace_all(
        ADMIN, "acme", [rule("Staff in", "allow", "group", "Staff"), rule("Old", "block", "os", "<16")]
    )
    told = world.decisions.of_device("acme", phone.key)
    assert (told.answer.level, told.answer.rules, told.outranked) == (ALLOW, ("staff-in",), "")
    spoken = [name for name, said in told.instances if said is not None]
    assert spoken == ["rules", "default"]
    assert [(each.rule.id, each.matched) for each in told.rules] == [("staff-in", True), ("old", False)]
    assert told.rules[0].trials[0].reported == ("Staff",)
    assert told.rules[0].trials[0].condition.values == ("Staff",)


def test_a_pending_wipe_outranks_it_all(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE, "lost")
    assert "wipe" in world.decisions.of_device("acme", phone.key).outranked


def test_an_imagined_device_has_the_facts_that_are_given(world: World) -> None:
    world.organisation(settings=Settings(default_access=BLOCK))
    world.user()
    world.rules.create(ADMIN, "acme", rule("New", "allow", "os", ">=17"))
    new = Imagined(os="iOS 17.4", user="ann@acme.example", ip="192.0.2.1")
    assert world.decisions.imagine("acme", new).answer.level is ALLOW
    assert world.decisions.imagine("acme", Imagined(os="iOS 16")).answer.level is BLOCK
    assert world.decisions.imagine("acme", Imagined()).answer.reason == "the organisation's default"
    staff = world.groups.create(ADMIN, "acme", "Staff", GroupChanges())
    world.rules.create(ADMIN, "acme", rule("No staff", "block", "group", "Staff"))
    assert world.decisions.imagine("acme", Imagined(os="iOS 17", groups=[staff.id])).answer.level is BLOCK
    for wrong in (
        Imagined(user="nobody@acme.example"),
        Imagined(groups=["No group"]),
        Imagined(protocol="x"),
    ):
        with pytest.raises(GatewayError) as caught:
            world.decisions.imagine("acme", wrong)
        assert caught.value.kind in (Kind.NOT_FOUND, Kind.MALFORMED)


def test_an_expected_device_is_imagined_with_its_override(world: World) -> None:
    organisation = world.organisation(settings=Settings(default_access=BLOCK))
    ann = world.user()
    phone = world.phone(ann, "OTHER")
    key = phone.key
    world.overrides.put(ADMIN, type(key)(organisation.id, ann.id, "SOON"), ALLOW, "bought")
    told = world.decisions.imagine("acme", Imagined(user=ann.id, device_id="soon"))
    assert (told.answer.level, told.answer.reason) == (ALLOW, "bought")
    assert len(world.overrides.expected("acme")) == 1, "it goes on waiting"


def test_autodiscover_is_decided_by_rules_that_name_a_protocol(world: World) -> None:
    world.organisation(settings=Settings(default_access=BLOCK))
    ann = world.user()
    world.rules.create(ADMIN, "acme", rule("iPhones", "block", "user", ann.address))
    both = Imagined(user=ann.id, ip="192.0.2.9", protocol="autodiscover")
    assert world.decisions.imagine("acme", both).answer.level is ALLOW
    outside = rule("Outside", "block", "network", "192.0.2.0/24")
    outside["conditions"].append({"criterion": "protocol", "is": ["autodiscover", "activesync"]})
    world.rules.create(ADMIN, "acme", outside)
    told = world.decisions.imagine("acme", both)
    assert (told.answer.level, told.answer.rules) == (BLOCK, ("outside",))
    assert [each.rule.id for each in told.rules] == ["outside"]


CONDITIONS = st.sampled_from(
    [
        {"criterion": "os", "is": ["iOS 17", "<16"]},
        {"criterion": "os", "is_not": ["Android"]},
        {"criterion": "model", "is": ["$NONE"]},
        {"criterion": "user", "is": ["ann@acme.example"]},
        {"criterion": "network", "is": ["192.0.2.0/24"]},
        {"criterion": "user_agent", "is": ["*iOS*"]},
        {"criterion": "protocol", "is": ["activesync"]},
    ]
)
RULES = st.lists(
    st.builds(
        lambda effect, conditions, enabled: {
            "effect": effect,
            "conditions": list({(each["criterion"], "is" in each): each for each in conditions}.values()),
            "enabled": enabled,
        },
        st.sampled_from(["allow", "block", "quarantine"]),
        st.lists(CONDITIONS, max_size=3),
        st.booleans(),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    documents=RULES,
    default=st.sampled_from(AccessLevel),
    override=st.none() | st.sampled_from(AccessLevel),
    ends=st.booleans(),
    spare=st.booleans(),
    system=st.none() | st.sampled_from(["iOS 15.1", "iOS 17.4", "Android 14"]),
)
def test_the_trace_agrees_with_the_decision(
    world: World,
    documents: list[dict[str, Any]],
    default: AccessLevel,
    override: AccessLevel | None,
    ends: bool,
    spare: bool,
    system: str | None,
) -> None:
    world.clock.time = NOON
    if not world.tenants.organisations():
        world.organisation()
        world.phone(world.user())
    phone = world.devices.list()[0]
    named = [{**each, "name": f"r{number}"} for number, each in enumerate(documents)]
    world.rules.replace_all(ADMIN, "acme", named, force=True)
    world.clock.pass_by(minutes=1)
    world.defaults.put(ADMIN, "acme", default, spare_known=spare, force=True)
    world.devices.learn_information(phone.key, DeviceInformation(os=system), ADMIN)
    until = world.clock.now() + timedelta(minutes=1)
    world.overrides.put(ADMIN, phone.key, override, "said so", until if ends and override else None)
    for minutes in (0, 2):
        world.clock.pass_by(minutes=minutes)
        ((_, known),) = Recollection(world.store, world.devices).known_again([phone.key])
        assert known is not None
        real = known.terms(Version.V16_1, world.clock.now().timestamp()).access
        told = world.decisions.of_device("acme", phone.key)
        assert told.answer == real
        matched = {trace.rule.id for trace in told.rules if trace.matched}
        assert set(real.rules) <= matched

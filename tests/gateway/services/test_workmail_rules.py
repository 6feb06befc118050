"""WorkMail's rules mean here what they meant there (spec/workmail-api.md 1.6): a table of examples."""

from typing import Any

import pytest

from gateway.errors import GatewayError, Kind
from gateway.services.decisions import Imagined
from gateway.services.workmail_rules import WorkmailImport, read_overrides, read_rules
from mdm.device import AccessLevel
from mdm.rules import Mode
from tests.support.world import ADMIN, World

ALLOW, BLOCK = AccessLevel.ALLOW, AccessLevel.BLOCK
EVERYBODY = {"MobileDeviceAccessRuleId": "all", "Name": "default", "Effect": "ALLOW"}


def rule(effect: str, **lists: Any) -> dict[str, Any]:
    return {"Name": f"{effect} {sorted(lists)}", "Effect": effect, **lists}


@pytest.fixture
def brought(world: World) -> WorkmailImport:
    world.organisation()
    return WorkmailImport(world.store, world.rules, world.overrides)


EXAMPLES: list[tuple[str, list[dict[str, Any]], Imagined, AccessLevel]] = [
    ("a new organisation", [EVERYBODY], Imagined(), ALLOW),
    ("no rule at all", [], Imagined(device_type="iPhone"), BLOCK),
    ("nothing matched", [rule("ALLOW", DeviceTypes=["iPhone"])], Imagined(device_type="Android"), BLOCK),
    ("a prefix", [rule("ALLOW", DeviceTypes=["iP"])], Imagined(device_type="iPhone"), ALLOW),
    ("any case", [rule("ALLOW", DeviceTypes=["IPHONE"])], Imagined(device_type="iphone"), ALLOW),
    ("not in the middle", [rule("ALLOW", DeviceTypes=["hone"])], Imagined(device_type="iPhone"), BLOCK),
    ("a star is a star", [rule("ALLOW", DeviceModels=["*"])], Imagined(model="iPhone"), BLOCK),
    ("a comparison is a text", [rule("ALLOW", DeviceOperatingSystems=["<17"])], Imagined(os="iOS 16"), BLOCK),
    ("one of several values", [rule("ALLOW", DeviceModels=["a", "b"])], Imagined(model="b1"), ALLOW),
    (
        "all conditions",
        [rule("ALLOW", DeviceTypes=["iPhone"], DeviceOperatingSystems=["iOS 17"])],
        Imagined(device_type="iPhone", os="iOS 16"),
        BLOCK,
    ),
    (
        "deny beats allow",
        [EVERYBODY, rule("DENY", DeviceUserAgents=["Bad"])],
        Imagined(user_agent="bad/1"),
        BLOCK,
    ),
    (
        "deny that does not match",
        [EVERYBODY, rule("DENY", DeviceUserAgents=["Bad"])],
        Imagined(user_agent="x"),
        ALLOW,
    ),
    ("$NONE matches what is not reported", [rule("ALLOW", DeviceTypes=["$NONE"])], Imagined(), ALLOW),
    ("$NONE matches nothing else", [rule("ALLOW", DeviceTypes=["$NONE"])], Imagined(device_type="x"), BLOCK),
    ("not android", [rule("ALLOW", NotDeviceTypes=["android"])], Imagined(device_type="iPhone"), ALLOW),
    (
        "not android, but it is",
        [rule("ALLOW", NotDeviceTypes=["android"])],
        Imagined(device_type="Android"),
        BLOCK,
    ),
    ("not android, and who knows", [rule("ALLOW", NotDeviceTypes=["android"])], Imagined(), BLOCK),
    (
        "both lists",
        [rule("ALLOW", DeviceModels=["iPhone"], NotDeviceModels=["iPhone1"])],
        Imagined(model="iPhone15"),
        BLOCK,
    ),
]


@pytest.mark.parametrize(("name", "rules", "device", "level"), EXAMPLES, ids=[each[0] for each in EXAMPLES])
def test_the_table(
    world: World,
    brought: WorkmailImport,
    name: str,
    rules: list[dict[str, Any]],
    device: Imagined,
    level: AccessLevel,
) -> None:
    brought.put(ADMIN, "acme", {"Rules": rules}, force=True)
    assert world.rules.book("acme").mode is Mode.WORKMAIL
    assert world.decisions.imagine("acme", device).answer.level is level, name


def test_an_override_replaces_whatever_the_rules_say(world: World, brought: WorkmailImport) -> None:
    ann = world.user()
    phone = world.phone(ann)
    document = {
        "Rules": [rule("DENY", DeviceTypes=["iPhone"]), EVERYBODY],
        "Users": [{"Id": "S-1-1-12", "Email": ann.address, "Name": "ann"}],
        "Overrides": [
            {"UserId": "S-1-1-12", "DeviceId": "phone1", "Effect": "ALLOW", "Description": "the boss"},
            {"UserId": ann.address, "DeviceId": "SOON", "Effect": "DENY", "DateCreated": 1522693605.468},
            {"UserId": "S-1-1-99", "DeviceId": "OTHER", "Effect": "ALLOW"},
        ],
    }
    done = brought.put(ADMIN, "acme", document, force=True)
    assert (done.overrides, done.unknown) == (2, ("S-1-1-99",))
    told = world.decisions.of_device("acme", phone.key).answer
    assert (told.level, told.reason) == (ALLOW, "the boss")
    assert world.decisions.imagine("acme", Imagined(user=ann.id, device_id="SOON")).answer.level is BLOCK
    assert [each.key.device_id for each in world.overrides.expected("acme")] == ["SOON"]


def test_rules_alone_and_overrides_alone(world: World, brought: WorkmailImport) -> None:
    brought.put(ADMIN, "acme", {"Rules": [EVERYBODY]})
    assert [each["id"] for each in world.rules.book("acme").rules] == ["all"]
    ann = world.user()
    one = {"UserId": ann.address, "DeviceId": "A1", "Effect": "DENY"}
    done = brought.put(ADMIN, "acme", {"Overrides": [one]})
    assert (done.saved, done.overrides) == (None, 1)
    assert len(world.rules.book("acme").rules) == 1


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"Rules": {}}, "Rules"),
        ({"Rules": ["x"]}, "Rules.0"),
        ({"Rules": [{"Name": "x", "Effect": "QUARANTINE"}]}, "Rules.0.Effect"),
        ({"Overrides": [{"UserId": "a", "DeviceId": "b"}]}, "Overrides.0.Effect"),
        ({"Overrides": [{"DeviceId": "b", "Effect": "DENY"}]}, "Overrides.0"),
        ({"Overrides": [7]}, "Overrides.0"),
        ({"Rules": [rule("ALLOW", DeviceTypes=[str(number) for number in range(11)])]}, None),
        ({"Rules": [rule("ALLOW", DeviceTypes="iPhone")]}, None),
    ],
)
def test_faults_are_named_by_their_place(brought: WorkmailImport, document: Any, place: str | None) -> None:
    with pytest.raises(GatewayError) as caught:
        brought.put(ADMIN, "acme", document, force=True)
    assert caught.value.kind is Kind.MALFORMED
    assert place is None or place in caught.value.faults


def test_a_document_without_anything_changes_nothing() -> None:
    assert read_rules({}) is None
    assert read_overrides({}) == []

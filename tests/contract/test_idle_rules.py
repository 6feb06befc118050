"""Which rules mean nobody: the database says what the engine says of each device, on every database."""

from dataclasses import replace
from itertools import combinations

from gateway.services.idle_rules import meaning_nobody
from gateway.services.impact import residents
from gateway.store import DatabaseStore
from mdm.device import AccessLevel, DeviceInformation
from mdm.rules import Condition, Mode, Rule, RuleSet
from tests.support.stores import ACME, device
from tests.support.tenancy import ANN, BOB, CAS, INNER, OUTER, SHUT, settle

TESTS = (
    Condition("device_type", ("iPhone",)),
    Condition("model", ("$NONE",)),
    Condition("model", ("SM-*", "Pixel")),
    Condition("os", (">=17",)),
    Condition("user_agent", ("*mail*",)),
    Condition("user_agent", ("Apple",), negated=True),
    Condition("protocol_version", ("14",)),
    Condition("protocol", ("activesync",)),
    Condition("protocol", ("autodiscover",)),
    Condition("user", (ANN.id, "CAS@other.example")),
    Condition("user", (BOB.id,), negated=True),
    Condition("group", (OUTER,)),
    Condition("group", (SHUT,)),
    Condition("group", (INNER,), negated=True),
    Condition("domain", ("other.example",)),
    Condition("domain", ("acme.example",), negated=True),
    Condition("network", ("192.0.2.0/25",)),
    Condition("network", ("192.0.2.0/24",), negated=True),
)
ANDROID = DeviceInformation(model="SM-G991", os="Android 14", user_agent="Android-Mail/1")
FLEET = (
    device("IPHONE", ANN, last_ip="192.0.2.7", user_agent="Apple-iPhone/1"),
    device("OLD", BOB, last_ip="192.0.2.200", information=DeviceInformation(model="iPhone", os="iOS 12")),
    device("NEW", CAS, last_ip="2001:db8::7", information=ANDROID),
    replace(device("STILL", BOB), protocol_version="14.1", device_type="Android"),
)


def test_the_database_and_the_engine_agree_about_every_rule(store: DatabaseStore) -> None:
    settle(store)
    pairs = [pair for pair in combinations(TESTS, 2) if len({(e.criterion, e.negated) for e in pair}) == 2]
    rules = RuleSet(
        [
            Rule(f"r{number}", "r", AccessLevel.BLOCK, conditions)
            for number, conditions in enumerate([(), *((each,) for each in TESTS), *pairs])
        ]
    )
    with store.write() as transaction:
        for each in FLEET:
            transaction.devices.add(each)
    with store.read() as transaction:
        matched = {
            rule for one in residents(transaction, ACME, grouped=True) for rule in rules.matching(one.facts)
        }
        everything = {rule.id for rule in rules.rules}
        assert meaning_nobody(transaction, ACME.id, rules) == everything - matched
        assert 0 < len(matched) < len(everything)
        starred = RuleSet([rule for rule in rules.rules if rule.conditions == (TESTS[2],)], Mode.WORKMAIL)
        assert meaning_nobody(transaction, ACME.id, starred), "there a star is a letter"

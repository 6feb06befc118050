"""What a decision costs under a thousand access rules (issue 4): facts not seen before, and a known device.

The facts differ in every field from one question to the next, so nothing that a compiled set could remember
helps it; the known device is asked as the hot path asks it (``snapshots.Known.terms``), the address of each
request being another one where the rules look at it.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

from bench.figures import Figure, report
from gateway.records import Organisation, User
from gateway.services.snapshots import Known, OrganisationView
from mdm.ashttp import Version
from mdm.criteria import Facts
from mdm.device import AccessLevel, Device, DeviceKey, DeviceState
from mdm.policy import DEFAULT
from mdm.rules import RULES_LIMIT, Condition, Rule, RuleSet

QUESTIONS = 4000
ROUNDS = 5
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAKERS = ("iPhone", "iPad", "SM-S", "Pixel ", "Nokia ", "moto ")
FACTS_US, KNOWN_US = 200.0, 10.0


def rules(draw: random.Random) -> tuple[Rule, ...]:
    """As administrators write them: models, versions, networks, people, exclusions and some globs."""

    def one(number: int) -> Rule:
        maker = draw.choice(MAKERS)
        kinds = (
            Condition("model", tuple(f"{maker}{draw.randrange(9000)}" for _ in range(4))),
            Condition("os", (f"<{draw.randrange(9, 18)}.{draw.randrange(9)}",)),
            Condition("network", (f"10.{draw.randrange(256)}.{draw.randrange(256)}.0/24",)),
            Condition("user_agent", (f"*{draw.randrange(10**6)}*",)),
            Condition("user", (f"u-{draw.randrange(5000):032x}",), negated=True),
            Condition("device_type", (draw.choice(("iPhone", "Android", "WindowsOutlook")),)),
            Condition("domain", (f"d{draw.randrange(40)}.example",)),
        )
        chosen = draw.sample(kinds, draw.randrange(1, 4))
        return Rule(f"r{number}", f"rule {number}", draw.choice(list(AccessLevel)), tuple(chosen))

    return tuple(one(number) for number in range(RULES_LIMIT))


def strangers(draw: random.Random) -> list[Facts]:
    """Facts of which no two share more than a family of clients."""
    return [
        Facts(
            device_type=draw.choice(("iPhone", "Android", "WindowsOutlook")),
            model=f"{draw.choice(MAKERS)}{draw.randrange(9000)}",
            os=f"iOS {draw.randrange(9, 18)}.{draw.randrange(9)}.{number}",
            user_agent=f"Apple-iPhone/{draw.randrange(10**6)}.{number}",
            protocol_version="16.1",
            user=f"u-{draw.randrange(5000):032x}",
            addresses=frozenset({f"user{number}@d{number % 40}.example"}),
            groups=frozenset(f"g-{draw.randrange(50)}" for _ in range(3)),
            domain=f"d{number % 40}.example",
            network=ip_address(f"10.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(256)}"),
        )
        for number in range(QUESTIONS * ROUNDS)
    ]


def known(view: OrganisationView) -> Known:
    """A device in compliance under that view."""
    home = view.organisation
    user = User("u-" + "1" * 32, home.id, "ann", "ann@d1.example", "Ann")
    device = Device(
        DeviceKey(home.id, user.id, "PHONE1"),
        "iPhone",
        "16.1",
        NOW,
        NOW,
        state=DeviceState.PROVISIONING_SUCCEEDED,
        policy_key=7,
        policy_digest=view.policy.digest(Version.V16_1),
    )
    return Known(device, user, view)


def median_us(call: Callable[[int], object]) -> float:
    """The median over rounds of what one call costs, microseconds of the processor."""
    rounds = []
    for start in range(0, ROUNDS * QUESTIONS, QUESTIONS):
        began = time.process_time()
        for number in range(start, start + QUESTIONS):
            call(number)
        rounds.append((time.process_time() - began) / QUESTIONS * 1e6)
    return statistics.median(rounds)


def figures() -> Iterator[Figure]:
    """New facts against all rules; a known device; one whose address is looked at in each request."""
    draw = random.Random(4)
    ruled = rules(draw)
    yield Figure("rule_decision_us", _strange(RuleSet(ruled), strangers(draw)), "us", FACTS_US)
    home = Organisation("m-" + "0" * 32, "bench", "Bench", NOW)
    now = NOW.timestamp()
    still = tuple(replace(each, conditions=_settled(each)) for each in ruled)
    settled = known(OrganisationView(home, DEFAULT, rules=RuleSet(still)))
    source = ("10.1.2.3", "Apple-iPhone/2101.50")
    yield Figure(
        "rule_known_device_us",
        median_us(lambda _: settled.terms(Version.V16_1, now, source)),
        "us",
        KNOWN_US,
    )
    moving = known(OrganisationView(home, DEFAULT, rules=RuleSet(ruled)))
    same = median_us(lambda _: moving.terms(Version.V16_1, now, source))
    yield Figure("rule_known_device_same_network_us", same, "us", KNOWN_US)


def _strange(compiled: RuleSet, facts: Sequence[Facts]) -> float:
    return median_us(lambda number: compiled.ask(facts[number]))


def _settled(rule: Rule) -> tuple[Condition, ...]:
    """Its conditions but for those that are asked in each request."""
    asked = ("network", "user_agent")
    kept = tuple(each for each in rule.conditions if each.criterion not in asked)
    return kept or (Condition("model", ("Nobody's",)),)


if __name__ == "__main__":
    sys.exit(report(figures()))

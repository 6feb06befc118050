"""Rules and reports made to stop the gateway or to slip through (T32).

A rule is data from an administrator, what it is compared with comes from a device: both may be hostile. The
time is the processor's, so that a busy machine fails nobody, and the bounds are far above what is measured.
"""

import random
import time
from collections.abc import Callable

import pytest

from gateway.errors import GatewayError
from gateway.services.rule_books import read_rule
from mdm.criteria import Facts, read_pattern
from mdm.device import AccessLevel
from mdm.errors import RuleError
from mdm.rules import RULES_LIMIT, Condition, Rule, RuleSet

LONG = 4096
SLOWEST_S = 0.25
"""Processor time of the slowest single decision here; a pattern that backtracks takes minutes."""

PATTERNS = (
    "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
    "a*" * 60 + "b",
    "*" * 120,
    "?*" * 60,
    "[a-z]*" * 20,
    "(a+)+$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "\\" * 100,
    "a" * 127,
    "é" * 60 + "*",
    "\u0130*",
    "$NONE*",
    "*\u200d*",
)
REPORTS = ("a" * LONG, "a" * (LONG - 1) + "b", "aA" * (LONG // 2), "\u0130" * LONG, "*" * LONG, "\0" * 64)


def cpu(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def readable(pattern: str) -> bool:
    try:
        read_pattern(pattern)
    except (ValueError, RuleError):
        return False
    return True


def test_no_pattern_takes_long_on_any_report() -> None:
    kept = [pattern for pattern in PATTERNS if readable(pattern)]
    assert len(kept) >= 4, "a corpus that is refused proves nothing"
    for pattern in kept:
        rules = RuleSet((Rule("r", "r", AccessLevel.BLOCK, (Condition("model", (pattern,)),)),))
        for report in REPORTS:
            assert cpu(lambda: rules.ask(Facts(model=report))) < SLOWEST_S, (pattern, report[:9])  # noqa: B023


def test_a_thousand_evil_rules_are_asked_in_no_time() -> None:
    """Each glob differs, so none is found in a table: what they cost together is bounded too."""
    draw = random.Random(4)
    globs = [f"*{'a*' * 7}{draw.randrange(10**9)}" for _ in range(RULES_LIMIT)]
    rules = RuleSet(
        tuple(
            Rule(str(number), str(number), AccessLevel.BLOCK, (Condition("user_agent", (glob,)),))
            for number, glob in enumerate(globs)
        )
    )
    facts = Facts(user_agent="a" * LONG)
    assert cpu(lambda: rules.ask(facts)) < 4.0
    assert rules.ask(facts).level is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "__class__", "is": ["a"]}]},
        {"name": "x", "effect": "ALLOW; DROP", "conditions": []},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "model", "is": [["a"] * 9]}]},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "model", "is": {"a": 1}}]},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "network", "is": ["0.0.0.0/33"]}]},
        {"name": "x" * 100_000, "effect": "allow", "conditions": []},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "model"}]},
        {"name": "x", "effect": "allow", "conditions": "all", "more": {}},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "model", "is": ["a"] * 101}]},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "model", "is": ["*a" * 9]}]},
        {"name": "x", "effect": "allow", "conditions": [{"criterion": "model", "is": ["a" * 10_000]}]},
    ],
    ids=lambda document: str(document)[:40],
)
def test_a_document_out_of_shape_is_no_rule(document: dict[str, object]) -> None:
    with pytest.raises((GatewayError, RuleError)) as caught:
        RuleSet((read_rule(document),))
    assert caught.value.faults  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "report",
    ["", " ", "\t", "$NONE", "iphone", "IPHONE15,2", "ｉPhone15,2", "iPhone15,2\0", "\u200biPhone15,2"],
    ids=ascii,
)
def test_no_spelling_of_a_blocked_model_is_let_in_by_a_rule_for_others(report: str) -> None:
    """What does not say that it is another model is not let in by a rule that excludes this one.

    A device that lies well is let in by any rule (T4): rules sort the honest.
    """
    allowed = Rule(
        "1", "all but iPhones", AccessLevel.ALLOW, (Condition("model", ("iphone",), negated=True),)
    )
    outcome = RuleSet((allowed,)).ask(Facts(model=report))
    says_another = outcome.level is AccessLevel.ALLOW
    assert not says_another or "iphone" not in report.strip().casefold()[:6]

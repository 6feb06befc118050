"""Rules, impacts and decisions as the REST API and ``usher rule --json`` show them (product 6.4, 7.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from gateway.records import ExpectedDevice
from gateway.services.access_rules import Saved
from gateway.services.decisions import Decision
from gateway.services.impact import Impact
from gateway.services.rule_books import RuleBook
from gateway.services.workmail_rules import Imported
from mdm.access import AccessDecision
from mdm.criteria import Facts
from mdm.device import AccessLevel
from mdm.rule_lint import Lint
from mdm.rules import Mode, Trace


class RuleBookView(BaseModel):
    """A version of an organisation's rules; 0 is the set that nobody made."""

    organisation: str
    mode: Mode
    version: int
    created_at: datetime | None
    created_by: str
    rules: list[dict[str, Any]]


class RuleBookList(BaseModel):
    """The versions that are kept, oldest first."""

    items: list[RuleBookView]


class LintView(BaseModel):
    """Something suspicious; ``rule`` is empty where it is about the whole set."""

    finding: str
    rule: str
    other: str
    text: str


class MovedView(BaseModel):
    """A known device that would be answered otherwise."""

    user: str
    address: str
    device_id: str
    family: str
    before: AccessLevel
    after: AccessLevel


class ImpactView(BaseModel):
    """What a change does to the known devices; ``named`` has the first that are cut off."""

    devices: int
    all_seen: bool
    admitted_before: int
    admitted_after: int
    cut_off: dict[str, int]
    let_in: dict[str, int]
    named: list[MovedView]


class SavedView(BaseModel):
    """The rules in force now, what is suspicious about the change, and what it does."""

    book: RuleBookView
    lints: list[LintView]
    impact: ImpactView


class ImportedView(BaseModel):
    """What came over: how many rules and overrides, and users who are not here."""

    rules: int
    overrides: int
    unknown: list[str]


class RehearsalView(BaseModel):
    """What a change would do."""

    impact: ImpactView
    lints: list[LintView]


class AnswerView(BaseModel):
    """What an instance says; ``status`` is that of the protocol where a device is refused."""

    level: AccessLevel
    reason: str
    status: int
    until: datetime | None
    rules: list[str]


class InstanceView(BaseModel):
    """One instance in the order in which they are asked; null where it is silent."""

    name: str
    says: AnswerView | None


class TrialView(BaseModel):
    """One condition as it went."""

    criterion: str
    negated: bool
    values: list[str]
    reported: list[str]
    holds: bool


class TraceView(BaseModel):
    """One rule as it went."""

    id: str
    name: str
    effect: AccessLevel
    enabled: bool
    matched: bool
    trials: list[TrialView]


class DecisionView(BaseModel):
    """A decision with all that led to it; ``outranked`` says why it does not matter at present."""

    answer: AnswerView
    outranked: str
    facts: dict[str, str | list[str] | None]
    instances: list[InstanceView]
    rules: list[TraceView]


class ExpectedView(BaseModel):
    """An override that waits for its device; ``address`` is the user's."""

    user: str
    address: str
    device_id: str
    level: AccessLevel
    reason: str
    until: datetime | None
    created_at: datetime
    created_by: str


def book_view(book: RuleBook) -> RuleBookView:
    return RuleBookView(
        organisation=book.organisation,
        mode=book.mode,
        version=book.version,
        created_at=book.created_at,
        created_by=book.created_by,
        rules=[dict(each) for each in book.rules],
    )


def lint_view(lint: Lint) -> LintView:
    return LintView(
        finding=lint.finding.name.lower(), rule=lint.rule, other=lint.other, text=lint.finding.value
    )


def impact_view(impact: Impact) -> ImpactView:
    return ImpactView.model_validate(impact, from_attributes=True)


def saved_view(saved: Saved) -> SavedView:
    return SavedView(
        book=book_view(saved.book),
        lints=[lint_view(each) for each in saved.lints],
        impact=impact_view(saved.impact),
    )


def imported_view(imported: Imported) -> ImportedView:
    rules = len(imported.saved.book.rules) if imported.saved else 0
    return ImportedView(rules=rules, overrides=imported.overrides, unknown=list(imported.unknown))


def decision_view(decision: Decision) -> DecisionView:
    return DecisionView(
        answer=_answer(decision.answer),
        outranked=decision.outranked,
        facts=_facts(decision.facts),
        instances=[
            InstanceView(name=name, says=_answer(said) if said else None) for name, said in decision.instances
        ],
        rules=[_trace(each) for each in decision.rules],
    )


def expected_view(expected: ExpectedDevice, addresses: Mapping[str, str]) -> ExpectedView:
    """``addresses``: of users, by their ids."""
    return ExpectedView(
        user=expected.key.user,
        address=addresses[expected.key.user],
        device_id=expected.key.device_id,
        level=expected.level,
        reason=expected.reason,
        until=expected.until,
        created_at=expected.created_at,
        created_by=expected.created_by,
    )


def _answer(decision: AccessDecision) -> AnswerView:
    return AnswerView(
        level=decision.level,
        reason=decision.reason,
        status=decision.status,
        until=decision.until,
        rules=list(decision.rules),
    )


def _facts(facts: Facts) -> dict[str, str | list[str] | None]:
    return {
        "device_type": facts.device_type,
        "model": facts.model,
        "os": facts.os,
        "user_agent": facts.user_agent,
        "protocol_version": facts.protocol_version,
        "user": facts.user,
        "addresses": sorted(facts.addresses),
        "groups": sorted(facts.groups),
        "domain": facts.domain,
        "network": str(facts.network) if facts.network else None,
        "protocol": facts.protocol,
    }


def _trace(trace: Trace) -> TraceView:
    return TraceView(
        id=trace.rule.id,
        name=trace.rule.name,
        effect=trace.rule.effect,
        enabled=trace.rule.enabled,
        matched=trace.matched,
        trials=[
            TrialView(
                criterion=trial.condition.criterion,
                negated=trial.condition.negated,
                values=list(trial.condition.values),
                reported=list(trial.reported),
                holds=trial.holds,
            )
            for trial in trace.trials
        ],
    )

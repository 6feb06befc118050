"""Users, groups and domains in access rules: named by people, kept by what does not change (product 6.2).

An administrator writes an address or a group's name; the rule keeps the id, so that it goes on meaning the
same person after a change of name, and it is shown by its name again. Where the mail server knows the users,
somebody who never signed in is kept by address, which the engine compares as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gateway.errors import GatewayError
from gateway.records import Organisation, UserSource
from gateway.services.groups import find_group
from gateway.services.names import fold, fold_domain
from gateway.services.ports import Transaction
from mdm.rule_documents import to_document
from mdm.rules import Condition, Rule, Trace, Trial


class RuleValues:
    """Names and ids within one organisation and one transaction; each is read once."""

    def __init__(self, transaction: Transaction, organisation: Organisation) -> None:
        self._transaction = transaction
        self._organisation = organisation
        self._domains: frozenset[str] | None = None
        self._known: dict[tuple[str, str], str] = {}

    def resolved(self, rule: Rule) -> tuple[Rule, dict[str, str]]:
        """The rule with ids for names, and what is wrong with it by place."""
        faults: dict[str, str] = {}
        conditions = tuple(
            self._resolved(condition, f"conditions.{number}.values", faults)
            for number, condition in enumerate(rule.conditions)
        )
        return replace(rule, conditions=conditions), faults

    def readable(self, rule: Rule) -> Mapping[str, Any]:
        """The rule's document with names for ids."""
        return to_document(self._named(rule))

    def traced(self, trace: Trace) -> Trace:
        """A rule as it went, with names for ids."""
        trials = tuple(self._tried(trial) for trial in trace.trials)
        return replace(trace, rule=self._named(trace.rule), trials=trials)

    def _tried(self, trial: Trial) -> Trial:
        kind = trial.condition.criterion
        reported = trial.reported
        if kind in ("user", "group"):
            reported = tuple(dict.fromkeys(self._name(kind, value) for value in reported))
        return replace(trial, condition=self._readable(trial.condition), reported=reported)

    def _named(self, rule: Rule) -> Rule:
        return replace(rule, conditions=tuple(self._readable(condition) for condition in rule.conditions))

    def _resolved(self, condition: Condition, place: str, faults: dict[str, str]) -> Condition:
        reader = self._readers().get(condition.criterion)
        if reader is None:
            return condition
        values = []
        for value in condition.values:
            found = reader(value)
            if found is None:
                faults.setdefault(place, f"the organisation has no {condition.criterion} {value!r}")
            values.append(found or value)
        return replace(condition, values=tuple(values))

    def _readers(self) -> Mapping[str, Callable[[str], str | None]]:
        return {"user": self._user, "group": self._group, "domain": self._domain}

    def _user(self, value: str) -> str | None:
        directory = self._transaction.directory
        user = directory.user(value) or directory.user_by_address(fold(value))
        if user is not None:
            return user.id if user.organisation == self._organisation.id else None
        address = fold(value)
        may_come = self._organisation.user_source is not UserSource.LOCAL
        return address if may_come and self._domain(address.rpartition("@")[2]) else None

    def _group(self, value: str) -> str | None:
        try:
            return find_group(self._transaction, self._organisation, value).id
        except GatewayError:
            return None

    def _domain(self, value: str) -> str | None:
        if self._domains is None:
            domains = self._transaction.directory.domains(self._organisation.id)
            self._domains = frozenset(domain.name for domain in domains)
        name = fold_domain(value)
        return name if name in self._domains else None

    def _readable(self, condition: Condition) -> Condition:
        if condition.criterion not in ("user", "group"):
            return condition
        return replace(condition, values=tuple(self._name(condition.criterion, v) for v in condition.values))

    def _name(self, kind: str, value: str) -> str:
        if (kind, value) not in self._known:
            directory = self._transaction.directory
            if kind == "user":
                user = directory.user(value)
                self._known[kind, value] = user.address if user else value
            else:
                group = directory.group(value)
                self._known[kind, value] = group.name if group else value
        return self._known[kind, value]

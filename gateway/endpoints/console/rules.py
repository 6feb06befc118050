"""Access rules (product 6, 7.2): the set in force, what is suspicious about it, and the tester beside it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.rule_views import DecisionView, ImpactView, RehearsalView
from gateway.endpoints.api.rules import (
    DefaultChange,
    Forced,
    ModeChange,
    Question,
    RollBack,
    Strictly,
    WholeSet,
    change_rule,
    create_rule,
    decide,
    get_rule,
    get_rules,
    lint_rules,
    list_versions,
    rehearse_default,
    rehearse_rules,
    remove_rule,
    roll_back,
    set_default,
    set_mode,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.forms import Form
from gateway.errors import GatewayError
from mdm.criteria import CRITERIA
from mdm.device import AccessLevel
from mdm.rules import Mode

router = APIRouter(prefix="/o/{organisation}/rules")

ONE = "/{rule}"
TIMES = ("created_at", "changed_at")
CONDITIONS = 8
"""Empty conditions that the editor offers beside those that are there: at least one."""

ASKED = (
    "user",
    "device_id",
    "device_type",
    "model",
    "os",
    "user_agent",
    "protocol_version",
    "ip",
    "protocol",
)


def _rules(
    ask: Ask,
    organisation: str,
    *,
    problem: GatewayError | None = None,
    told: DecisionView | None = None,
    impact: ImpactView | None = None,
) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "rules.html",
        home=home,
        book=ask.call(get_rules, organisation=home.id),
        lints=ask.call(lint_rules, organisation=home.id).items,
        versions=list(reversed(ask.call(list_versions, organisation=home.id).items)),
        levels=[each.value for each in AccessLevel],
        modes=[each.value for each in Mode],
        asked=ASKED,
        told=told,
        impact=impact,
        problem=problem,
        place=place(home.alias),
        can_write=ask.may(create_rule, home.id),
    )


def _editor(
    ask: Ask,
    organisation: str,
    rule: str,
    document: dict[str, Any],
    *,
    said: RehearsalView | None = None,
    problem: GatewayError | None = None,
) -> Response:
    home = ask.organisation(organisation)
    given = list(document.get("conditions", ()))
    return ask.page(
        "rule.html",
        home=home,
        rule=rule,
        document={"name": "", "description": "", "effect": "allow", "enabled": True, **document},
        conditions=[*given, *[{} for _ in range(max(1, 3 - len(given)))]],
        criteria=list(CRITERIA),
        levels=[each.value for each in AccessLevel],
        said=said,
        problem=problem,
        place=place(home.alias),
        can_write=ask.may(create_rule, home.id),
    )


def _typed(
    ask: Ask,
    organisation: str,
    rule: str = "",
    *,
    said: RehearsalView | None = None,
    problem: GatewayError | None = None,
) -> Response:
    """The editor with what was typed."""
    return _editor(ask, organisation, rule, document_of(ask.form), said=said, problem=problem)


@router.get("")
def rules(organisation: str, ask: Annotated[Ask, opens(get_rules)]) -> Response:
    """The rules in force, their lint, the default and the versions; with a question its answer."""
    return _rules(ask, organisation)


@router.post("")
@or_again(_typed)
def create(organisation: str, ask: Annotated[Ask, opens(create_rule)]) -> Response:
    """Say what a new rule would do, or add it."""
    return _saved(ask, organisation, "", create_rule, {})


@router.post("/test")
@or_again(_rules)
def test(organisation: str, ask: Annotated[Ask, opens(decide)]) -> Response:
    """Why a device, known or imagined, would be let in or not."""
    asked = body(Question, {**ask.form.given(*ASKED), "imagined": ask.form.has("imagined")})
    return _rules(ask, organisation, told=ask.call(decide, organisation=organisation, body=asked))


@router.post("/default")
@or_again(_rules)
def default(organisation: str, ask: Annotated[Ask, opens(set_default)]) -> Response:
    """Say who would be cut off by another default, or set it."""
    asked = {"level": ask.form.text("level"), "spare_known": ask.form.has("spare_known")}
    wanted = body(DefaultChange, asked)
    if ask.form.text("do") != "save":
        impact = ask.call(rehearse_default, organisation=organisation, body=wanted)
        return _rules(ask, organisation, impact=impact)
    ask.call(set_default, organisation=organisation, body=wanted, query=forced(ask))
    return ask.to(place(organisation))


@router.post("/mode")
@or_again(_rules)
def mode(organisation: str, ask: Annotated[Ask, opens(set_mode)]) -> Response:
    """Let the same rules follow other semantics."""
    wanted = body(ModeChange, {"mode": ask.form.text("mode")})
    ask.call(set_mode, organisation=organisation, body=wanted, query=forced(ask))
    return ask.to(place(organisation))


@router.post("/roll_back")
@or_again(_rules)
def back(organisation: str, ask: Annotated[Ask, opens(roll_back)]) -> Response:
    """Put an earlier set in force again."""
    wanted = body(RollBack, {"version": ask.form.number("version")})
    ask.call(roll_back, organisation=organisation, body=wanted, query=forced(ask))
    return ask.to(place(organisation))


@router.get("/new")
def new(organisation: str, ask: Annotated[Ask, opens(get_rules)]) -> Response:
    """The editor, empty."""
    return _editor(ask, organisation, "", {})


@router.get(ONE)
def rule(organisation: str, rule: str, ask: Annotated[Ask, opens(get_rule)]) -> Response:
    """The editor."""
    return _editor(ask, organisation, rule, ask.call(get_rule, organisation=organisation, rule=rule))


@router.post(ONE)
@or_again(_typed)
def change(organisation: str, rule: str, ask: Annotated[Ask, opens(change_rule)]) -> Response:
    """Say what a changed rule would do, or put it in force."""
    return _saved(ask, organisation, rule, change_rule, {"rule": rule})


@router.post(ONE + "/remove")
@or_again(_rules)
def remove(organisation: str, rule: str, ask: Annotated[Ask, opens(remove_rule)]) -> Response:
    """Remove a rule."""
    ask.call(remove_rule, organisation=organisation, rule=rule, query=forced(ask))
    return ask.to(place(organisation))


def place(organisation: str) -> str:
    """Where the rules are."""
    return f"/console/o/{organisation}/rules"


def written(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules as they can be sent back: when each was made and changed the gateway says itself."""
    return [{name: value for name, value in rule.items() if name not in TIMES} for rule in rules]


def document_of(form: Form) -> dict[str, Any]:
    """A rule's document as the editor's form says it: conditions are numbered, empty ones are left out."""
    conditions = []
    for number in range(len(CRITERIA) + CONDITIONS):
        criterion, values = form.text(f"criterion.{number}"), form.text(f"values.{number}").splitlines()
        given = [each.strip() for each in values if each.strip()]
        if criterion and given:
            way = "is_not" if form.text(f"way.{number}") == "is_not" else "is"
            conditions.append({"criterion": criterion, way: given})
    return {
        "name": form.text("name"),
        "description": form.text("description"),
        "effect": form.text("effect"),
        "enabled": form.has("enabled"),
        "conditions": conditions,
    }


def forced(ask: Ask) -> Forced:
    return Forced(force=ask.form.has("force"))


def _saved(
    ask: Ask, organisation: str, rule: str, act: Callable[..., Any], named: dict[str, str]
) -> Response:
    document = document_of(ask.form)
    if ask.form.text("do") != "save":
        return _typed(ask, organisation, rule, said=_rehearsed(ask, organisation, rule, document))
    ask.call(act, organisation=organisation, **named, body=document, query=forced(ask))
    return ask.to(place(organisation))


def _rehearsed(ask: Ask, organisation: str, rule: str, document: dict[str, Any]) -> RehearsalView:
    """What the whole set would do with this rule in it."""
    present = written(ask.call(get_rules, organisation=organisation).rules)
    others = [each for each in present if rule not in (each.get("id"), each.get("name"))]
    known = next((each for each in present if rule and rule in (each.get("id"), each.get("name"))), {})
    whole = body(WholeSet, {"rules": [*others, {**known, **document}]})
    return ask.call(rehearse_rules, organisation=organisation, body=whole, query=Strictly())

"""Mobile policies (product 4, 7.2): WorkMail's eleven first, the rest behind one click, and beside each
setting which clients really honour it. Before anything is saved the editor says whom it would touch.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.policies import (
    Manner,
    NewPolicy,
    RollBack,
    Versions,
    compare_versions,
    create_policy,
    get_policy,
    list_policies,
    list_uses,
    list_versions,
    rehearse,
    remove_policy,
    roll_back,
    set_policy,
)
from gateway.endpoints.api.policy_assignments import (
    NewAssignment,
    assign,
    list_assignments,
    unassign,
)
from gateway.endpoints.api.policy_assignments import Removal as Unassignment
from gateway.endpoints.api.policy_reference import SettingView, honours, list_templates
from gateway.endpoints.api.policy_rollout import cancel, get_rollout, hasten, list_rollouts, pause, resume
from gateway.endpoints.api.policy_views import DifferenceView, RehearsalView
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body, query
from gateway.endpoints.forms import Form
from gateway.errors import GatewayError
from mdm.layers import REFRESH
from mdm.policy import SWITCHES, Kind

router = APIRouter(prefix="/o/{organisation}/policies")

ONE = "/{policy}"
FIELD = "set."
"""Before the name of a setting in the editor's form."""

MEANT = ("policy", "reach", "target", "device_id")
STEPS = {"pause": pause, "resume": resume, "now": hasten, "cancel": cancel}
ACTS = (set_policy, create_policy, remove_policy, assign)


def _list(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "policies.html",
        home=home,
        found=ask.call(list_policies, organisation=home.id).items,
        assignments=ask.call(list_assignments, organisation=home.id).items,
        templates=ask.call(list_templates).items,
        rollout=ask.seen(get_rollout, organisation=home.id),
        history=ask.call(list_rollouts, organisation=home.id).items,
        problem=problem,
        can=ask.can(ACTS, home.id),
    )


def _editor(
    ask: Ask,
    organisation: str,
    policy: str,
    *,
    document: Mapping[str, Any] | None = None,
    said: RehearsalView | None = None,
    problem: GatewayError | None = None,
) -> Response:
    home = ask.organisation(organisation)
    present = ask.call(get_policy, organisation=home.id, name=policy)
    reference = honours()
    return ask.page(
        "policy.html",
        home=home,
        policy=present,
        document=document or present.document,
        first=[each for each in reference.settings if each.label],
        rest=[each for each in reference.settings if not each.label],
        families=reference.families,
        switches=SWITCHES,
        said=said,
        problem=problem,
        faults=_by_field(problem),
        versions=list(reversed(ask.call(list_versions, organisation=home.id, name=policy).items)),
        differences=_differences(ask, home.id, present.name),
        uses=ask.call(list_uses, organisation=home.id, name=policy).items,
        place=place(home.alias, policy),
        can=ask.can(ACTS, home.id),
    )


def _typed(
    ask: Ask,
    organisation: str,
    policy: str,
    *,
    said: RehearsalView | None = None,
    problem: GatewayError | None = None,
) -> Response:
    """The editor with what was typed."""
    return _editor(ask, organisation, policy, document=document_of(ask.form), said=said, problem=problem)


@router.get("")
def policies(organisation: str, ask: Annotated[Ask, opens(list_policies)]) -> Response:
    """All policies, for whom each holds, and the change that is on its way."""
    return _list(ask, organisation)


@router.post("")
@or_again(_list)
def create(organisation: str, ask: Annotated[Ask, opens(create_policy)]) -> Response:
    """Make a policy, from a template or as a copy."""
    wanted: dict[str, Any] = ask.form.given("name")
    start = ask.form.text("start")
    if start.startswith("copy:"):
        wanted["copy_of"] = start.removeprefix("copy:")
    else:
        known = {each.name: each.document for each in ask.call(list_templates).items}
        wanted["document"] = known.get(start, {})
    made = ask.call(create_policy, organisation=organisation, body=body(NewPolicy, wanted))
    return ask.to(place(organisation, made.name))


@router.post("/assign")
@or_again(_list)
def assign_policy(organisation: str, ask: Annotated[Ask, opens(assign)]) -> Response:
    """Let a policy hold for somebody."""
    wanted = body(NewAssignment, _meant(ask.form))
    ask.call(assign, organisation=organisation, body=wanted)
    return ask.to(f"/console/o/{organisation}/policies")


@router.post("/unassign")
@or_again(_list)
def unassign_policy(organisation: str, ask: Annotated[Ask, opens(unassign)]) -> Response:
    """Let a policy hold no more for somebody."""
    wanted = body(Unassignment, ask.form.given(*MEANT))
    ask.call(unassign, organisation=organisation, body=wanted)
    return ask.to(f"/console/o/{organisation}/policies")


@router.post("/rollout")
@or_again(_list)
def steer(organisation: str, ask: Annotated[Ask, opens(pause)]) -> Response:
    """Pause a change on its way to the devices, let it go on, hasten or cancel it."""
    step = STEPS.get(ask.form.text("step"))
    if step is not None:
        ask.call(step, organisation=organisation)
    return ask.to(f"/console/o/{organisation}/policies")


@router.get(ONE)
def policy(organisation: str, policy: str, ask: Annotated[Ask, opens(get_policy)]) -> Response:
    """The editor."""
    return _editor(ask, organisation, policy)


@router.post(ONE)
@or_again(_typed)
def save(organisation: str, policy: str, ask: Annotated[Ask, opens(set_policy)]) -> Response:
    """Say whom the document would touch, or put it in force."""
    document = document_of(ask.form)
    if ask.form.text("do") != "save":
        said = ask.call(rehearse, organisation=organisation, name=policy, body=document)
        return _typed(ask, organisation, policy, said=said)
    manner = query(Manner, ask.form.given("minutes", "reason"))
    ask.call(set_policy, organisation=organisation, name=policy, body=document, query=manner)
    return ask.to(place(organisation, policy))


@router.post(ONE + "/roll_back")
@or_again(_editor)
def back(organisation: str, policy: str, ask: Annotated[Ask, opens(roll_back)]) -> Response:
    """Put an earlier version in force again, as a new one."""
    wanted = body(RollBack, {"version": ask.form.number("version")})
    ask.call(roll_back, organisation=organisation, name=policy, body=wanted, query=Manner())
    return ask.to(place(organisation, policy))


@router.post(ONE + "/remove")
@or_again(_editor)
def remove(organisation: str, policy: str, ask: Annotated[Ask, opens(remove_policy)]) -> Response:
    """Remove a policy that holds for nobody."""
    ask.call(remove_policy, organisation=organisation, name=policy, query=Manner())
    return ask.to(f"/console/o/{organisation}/policies")


def place(organisation: str, policy: str) -> str:
    """Where a policy's editor is."""
    return f"/console/o/{organisation}/policies/{policy}"


def document_of(form: Form) -> dict[str, Any]:
    """A policy's document as the editor's form says it; what is no number stays a text, so that the policy's
    own rules name it."""
    settings = {each.name: _value(each, form) for each in honours().settings}
    return {
        "settings": {name: value for name, value in settings.items() if value is not None},
        **{name: form.has(name) for name in SWITCHES},
        REFRESH: form.number(REFRESH) or 0,
    }


def _value(setting: SettingView, form: Form) -> bool | int | str | list[str] | None:
    """None for what is not set."""
    text = form.text(FIELD + setting.name)
    if not text.strip():
        return None
    if setting.kind == Kind.TEXTS.value:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if setting.kind == Kind.FLAG.value:
        return {"true": True, "false": False}.get(text, text)
    return form.number(FIELD + setting.name)


def _meant(form: Form) -> dict[str, Any]:
    wanted: dict[str, Any] = form.given(*MEANT)
    if form.text("priority").strip():
        wanted["priority"] = form.number("priority")
    return wanted


def _by_field(problem: GatewayError | None) -> dict[str, str]:
    """Faults by the names of the form's fields; a document's are named by setting."""
    faults = problem.faults if problem else {}
    return {FIELD + name.removeprefix("settings."): fault for name, fault in faults.items()} | dict(faults)


def _differences(ask: Ask, organisation: str, name: str) -> list[DifferenceView]:
    """What the versions asked for in ``?before=&after=`` ask of devices differently."""
    pair = {key: ask.query[key] for key in ("before", "after") if ask.query.get(key)}
    if len(pair) < 2:
        return []
    try:
        wanted = query(Versions, pair)
        return ask.call(compare_versions, organisation=organisation, name=name, query=wanted).items
    except GatewayError:
        return []

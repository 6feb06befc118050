"""``/organisations/{organisation}/access`` of the REST API: rules, overrides, default, decisions (product 6).

A rule is a document of ``mdm.rule_documents``, which names every fault; users and groups are written by
address or name and shown so. ``force`` puts in force what would lock everybody out or let everybody in.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from gateway.endpoints.api.calls import (
    NUMBER_LIMIT,
    Bearer,
    Body,
    Filter,
    Plain,
    Query,
    UseCases,
    With,
    choice,
    encodable,
    needs,
    word,
)
from gateway.endpoints.api.device_views import DeviceView, owned_view
from gateway.endpoints.api.moments import aware
from gateway.endpoints.api.rule_views import (
    DecisionView,
    ExpectedView,
    ImpactView,
    ImportedView,
    LintView,
    RehearsalView,
    RuleBookList,
    RuleBookView,
    SavedView,
    book_view,
    decision_view,
    expected_view,
    impact_view,
    imported_view,
    lint_view,
    saved_view,
)
from gateway.errors import GatewayError, Kind
from gateway.records import Actor, ExpectedDevice
from gateway.records.authority import Permission
from gateway.services.decisions import Imagined
from gateway.services.reasons import tidy_reason
from mdm.device import AccessLevel, Device
from mdm.rules import RULES_LIMIT, Mode

router = APIRouter(prefix="/organisations/{organisation}/access", tags=["access"])
ONE = "/rules/{rule}"
OVERRIDE = "/overrides/{user}/{device_id}"

Reader = Annotated[Actor, needs(Permission.RULE_READ)]
Writer = Annotated[Actor, needs(Permission.RULE_WRITE)]
DeviceWriter = Annotated[Actor, needs(Permission.DEVICE_WRITE)]
Document = Annotated[dict[str, Any], AfterValidator(encodable)]
Documents = Annotated[list[Document], Field(max_length=RULES_LIMIT)]
Reason = Annotated[str, word(tidy_reason)]


class Forced(Filter):
    """``force`` puts in force what is refused for its consequences."""

    force: bool = False


class Strictly(Filter):
    """``strict`` refuses what putting it in force would be refused for, its consequences included."""

    strict: bool = False


class WholeSet(Body):
    """Every rule of an organisation; ``mode`` says whose semantics they follow, null keeps it."""

    rules: Documents
    mode: Annotated[Mode, choice()] | None = None


class ModeChange(Body):
    """Whose semantics the rules follow from now on."""

    mode: Annotated[Mode, choice()]


class RollBack(Body):
    """The number of an earlier version; 0 is the set without a rule."""

    version: Annotated[int, Field(ge=0, le=NUMBER_LIMIT)]


class DefaultChange(Body):
    """What happens to devices that no rule speaks of; ``spare_known`` leaves out those that are known."""

    level: Annotated[AccessLevel, choice()]
    spare_known: bool = False


class DefaultView(BaseModel):
    """The default in force, and what the change does to the known devices."""

    level: AccessLevel
    spared_before: datetime | None
    impact: ImpactView


class Override(Body):
    """A word for one device, known or yet to come, which ends at ``until``; a time zone must be said. A level
    of null lets the rules decide again."""

    level: Annotated[AccessLevel, choice()] | None
    reason: Reason = ""
    until: Annotated[datetime, choice()] | None = None


class OverrideView(BaseModel):
    """The device that the override is for, or what is expected of one that is yet to come; neither where an
    override for one that is yet to come has ended."""

    device: DeviceView | None
    expected: ExpectedView | None


class ExpectedList(BaseModel):
    """Overrides that wait for their devices."""

    items: list[ExpectedView]


class LintList(BaseModel):
    """All that is suspicious about the rules in force."""

    items: list[LintView]


class Question(Body):
    """A device: a known one, by user and DeviceId, or an imagined one, by whatever is given."""

    user: Plain = ""
    device_id: Plain = ""
    device_type: Plain | None = None
    model: Plain | None = None
    os: Plain | None = None
    user_agent: Plain | None = None
    protocol_version: Plain | None = None
    ip: Plain | None = None
    groups: list[Plain] = Field(default_factory=list, max_length=100)
    protocol: Plain = "activesync"
    imagined: bool = False


@router.get("/rules")
def get_rules(organisation: str, use: With, _actor: Reader) -> RuleBookView:
    """The rules in force; they have no order."""
    return book_view(use.access_rules.book(organisation))


@router.put("/rules")
def replace_rules(
    organisation: str, body: WholeSet, query: Query[Forced], use: With, actor: Writer
) -> SavedView:
    """Put a whole set in force, all or nothing."""
    done = use.access_rules.replace_all(actor, organisation, body.rules, mode=body.mode, force=query.force)
    return saved_view(done)


@router.post("/rules", status_code=201)
def create_rule(
    organisation: str, body: Document, query: Query[Forced], use: With, actor: Writer
) -> SavedView:
    """Add a rule."""
    return saved_view(use.access_rules.create(actor, organisation, body, force=query.force))


@router.post("/rules/rehearse", name="rehearse")
def rehearse_rules(
    organisation: str, body: WholeSet, query: Query[Strictly], use: With, _actor: Reader
) -> RehearsalView:
    """Who would be cut off or let in by a whole set; nothing is changed."""
    told, lints = use.access_rules.rehearse(organisation, body.rules, mode=body.mode, force=not query.strict)
    return RehearsalView(impact=impact_view(told), lints=[lint_view(each) for each in lints])


@router.post("/rules/import")
def import_rules(
    organisation: str, body: Document, query: Query[Forced], use: With, actor: Writer, bearer: Bearer
) -> ImportedView:
    """Put in force what Amazon WorkMail's command line lists: ``Rules``, ``Overrides``, ``Users``. Overrides
    take the permission to decide about any device of the organisation."""
    if body.get("Overrides") and not bearer.may(
        Permission.DEVICE_WRITE, use.finder.organisation(organisation).id
    ):
        raise GatewayError(Kind.FORBIDDEN, f"Overrides need the permission {Permission.DEVICE_WRITE.value}.")
    return imported_view(use.workmail.put(actor, organisation, body, force=query.force))


@router.get("/rules/versions")
def list_versions(organisation: str, use: With, _actor: Reader) -> RuleBookList:
    """The versions that can be put in force again."""
    return RuleBookList(items=[book_view(each) for each in use.access_rules.versions(organisation)])


@router.post("/rules/roll_back")
def roll_back(organisation: str, body: RollBack, query: Query[Forced], use: With, actor: Writer) -> SavedView:
    """Put an earlier version in force again, as a new one."""
    return saved_view(use.access_rules.roll_back(actor, organisation, body.version, force=query.force))


@router.get("/rules/lint")
def lint_rules(organisation: str, use: With, _actor: Reader) -> LintList:
    """All that is suspicious about the rules in force, known devices included."""
    return LintList(items=[lint_view(each) for each in use.access_rules.lint(organisation)])


@router.get(ONE)
def get_rule(organisation: str, rule: str, use: With, _actor: Reader) -> dict[str, Any]:
    """One rule, by id, or by a name that only one has."""
    return dict(use.access_rules.get(organisation, rule))


@router.patch(ONE)
def change_rule(
    organisation: str, rule: str, body: Document, query: Query[Forced], use: With, actor: Writer
) -> SavedView:
    """Change what is given of a rule."""
    return saved_view(use.access_rules.change(actor, organisation, rule, body, force=query.force))


@router.delete(ONE)
def remove_rule(organisation: str, rule: str, query: Query[Forced], use: With, actor: Writer) -> SavedView:
    """Remove a rule."""
    return saved_view(use.access_rules.remove(actor, organisation, rule, force=query.force))


@router.put("/mode")
def set_mode(
    organisation: str, body: ModeChange, query: Query[Forced], use: With, actor: Writer
) -> SavedView:
    """Let the same rules follow other semantics."""
    return saved_view(use.access_rules.set_mode(actor, organisation, body.mode, force=query.force))


@router.post("/default/rehearse", name="rehearse")
def rehearse_default(organisation: str, body: DefaultChange, use: With, _actor: Reader) -> ImpactView:
    """Who would be cut off or let in by another default; nothing is changed."""
    told = use.default_access.rehearse(organisation, body.level, spare_known=body.spare_known)
    return impact_view(told)


@router.put("/default")
def set_default(
    organisation: str, body: DefaultChange, query: Query[Forced], use: With, actor: Writer
) -> DefaultView:
    """Set what happens to devices that no rule speaks of."""
    home, told = use.default_access.put(
        actor, organisation, body.level, spare_known=body.spare_known, force=query.force
    )
    return DefaultView(level=home.default_access, spared_before=home.spared_before, impact=impact_view(told))


@router.post("/decision", name="rehearse")
def decide(organisation: str, body: Question, use: With, _actor: Reader) -> DecisionView:
    """Why a device is let in or not: every instance, every rule, every condition."""
    told = Imagined(**body.model_dump(exclude={"imagined"}))
    if body.imagined or not (body.user and body.device_id):
        return decision_view(use.decisions.imagine(organisation, told))
    key = use.finder.key(organisation, body.user, body.device_id)
    return decision_view(use.decisions.of_device(organisation, key, told))


@router.get("/overrides")
def list_expected(organisation: str, use: With, _actor: Reader) -> ExpectedList:
    """Overrides that wait for devices which nobody has seen yet."""
    return ExpectedList(items=_expected(use, use.overrides.expected(organisation)))


@router.put(OVERRIDE)
def put_override(
    organisation: str, user: str, device_id: str, body: Override, use: With, actor: DeviceWriter
) -> OverrideView:
    """Allow, block or quarantine one device whatever the rules say, known or yet to come."""
    key = use.finder.key(organisation, user, device_id)
    done = use.overrides.put(actor, key, body.level, body.reason, aware(body.until))
    if isinstance(done, Device):
        return OverrideView(device=owned_view(use.finder, done), expected=None)
    return OverrideView(device=None, expected=_expected(use, [done])[0] if done else None)


@router.delete(OVERRIDE, status_code=204)
def remove_override(organisation: str, user: str, device_id: str, use: With, actor: DeviceWriter) -> None:
    """Let the rules decide again."""
    use.overrides.put(actor, use.finder.key(organisation, user, device_id), None)


def _expected(use: UseCases, found: Sequence[ExpectedDevice]) -> list[ExpectedView]:
    addresses = use.finder.addresses(each.key.user for each in found)
    return [expected_view(each, addresses) for each in found]

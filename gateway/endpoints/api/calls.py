"""What every route of the REST API shares: its permission, its actor, its use cases and strict input.

A route without ``needs`` is found by a test (T25). Models are strict and know no extra field, so that a
typing error is a fault by name and never a setting silently left out (product 10).
"""

import json
from collections.abc import Callable
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Request
from fastapi import Query as QueryString
from fastapi.dependencies.models import Dependant
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.endpoints.middleware import TRACE
from gateway.errors import GatewayError, Kind
from gateway.probes.examining import Examination
from gateway.records import Actor
from gateway.records.authority import Authority, Permission, Reach
from gateway.records.machine import Machine
from gateway.services.access_rules import AccessRules
from gateway.services.administrators import Administrators
from gateway.services.app_passwords import AppPasswords
from gateway.services.archive import ArchiveService
from gateway.services.assignments import Assignments
from gateway.services.audit import AuditService
from gateway.services.audit_verifying import AuditVerifier
from gateway.services.decisions import Decisions
from gateway.services.default_access import DefaultAccess
from gateway.services.device_reports import DeviceReports
from gateway.services.devices import DeviceService
from gateway.services.domain_records import DomainRecords
from gateway.services.events import Events
from gateway.services.finding import Finder
from gateway.services.groups import Groups
from gateway.services.history import History
from gateway.services.identity import Identities
from gateway.services.inventory import Inventory
from gateway.services.misbehaviour import Misbehaviour
from gateway.services.notices import Notices
from gateway.services.offboarding import Offboarding
from gateway.services.overrides import Overrides
from gateway.services.own_account import OwnAccount
from gateway.services.panic import Panic
from gateway.services.passkeys import Passkeys
from gateway.services.permissions import Permissions
from gateway.services.policies import PolicyService
from gateway.services.profiles import Profiles
from gateway.services.protocol_logs import ProtocolLogs
from gateway.services.provider_sign_in import ProviderSignIn
from gateway.services.quarantine import Quarantine
from gateway.services.recognition import Recognition
from gateway.services.recovery import Recovery
from gateway.services.refusals import Refusals
from gateway.services.repetitions import Repetitions
from gateway.services.resources import Resources
from gateway.services.rollouts import Rollouts
from gateway.services.safeguards import SafeguardService
from gateway.services.saved_views import SavedViews
from gateway.services.signing_in import SigningIn
from gateway.services.tenants import Tenants
from gateway.services.tokens import Tokens
from gateway.services.users import Users
from gateway.services.webhooks import Webhooks
from gateway.services.wipes import Wipes
from gateway.services.workmail_rules import WorkmailImport

T = TypeVar("T")

ADMINISTRATOR = "usher.administrator"
"""Key of the scope under which the gate leaves who asks."""

AGENT_LIMIT = 256
"""Characters of a User-Agent that the audit trail keeps."""

TEXT_LIMIT = 512
"""Characters of a text to look for: longer than any name that is kept."""

PAGE_LIMIT = 1000
"""Records in one answer at most."""

PAGE_DEFAULT = 100

NUMBER_LIMIT = 2**31 - 1
"""Of a number that stands in a column of its own: what PostgreSQL's ``integer`` holds."""


UNCONFIRMED = "Show your second factor again, then ask once more."

_UNDECLARED = Dependant()


class UseCases(Protocol):
    """The services of one process; ``gateway.app.Services`` is one."""

    def within(self, reach: Reach) -> "UseCases":
        """The same services on a store that holds nothing but what is within reach."""
        ...

    @property
    def tenants(self) -> Tenants: ...
    @property
    def users(self) -> Users: ...
    @property
    def groups(self) -> Groups: ...
    @property
    def resources(self) -> Resources: ...
    @property
    def permissions(self) -> Permissions: ...
    @property
    def policies(self) -> PolicyService: ...
    @property
    def assignments(self) -> Assignments: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def access_rules(self) -> AccessRules: ...
    @property
    def workmail(self) -> WorkmailImport: ...
    @property
    def default_access(self) -> DefaultAccess: ...
    @property
    def overrides(self) -> Overrides: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def devices(self) -> DeviceService: ...
    @property
    def protocol_logs(self) -> ProtocolLogs: ...
    @property
    def misbehaviour(self) -> Misbehaviour: ...
    @property
    def identities(self) -> Identities: ...
    @property
    def inventory(self) -> Inventory: ...
    @property
    def recovery(self) -> Recovery: ...
    @property
    def wipes(self) -> Wipes: ...
    @property
    def safeguards(self) -> SafeguardService: ...
    @property
    def panic(self) -> Panic: ...
    @property
    def offboarding(self) -> Offboarding: ...
    @property
    def archive(self) -> ArchiveService: ...
    @property
    def audit(self) -> AuditService: ...
    @property
    def audit_verifier(self) -> AuditVerifier: ...
    @property
    def device_reports(self) -> DeviceReports: ...
    @property
    def events(self) -> Events: ...
    @property
    def history(self) -> History: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def finder(self) -> Finder: ...
    @property
    def domain_records(self) -> DomainRecords: ...
    @property
    def examine(self) -> Examination: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def app_passwords(self) -> AppPasswords: ...
    @property
    def repetitions(self) -> Repetitions: ...
    @property
    def administrators(self) -> Administrators: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def signing_in(self) -> SigningIn: ...
    @property
    def own_account(self) -> OwnAccount: ...
    @property
    def passkeys(self) -> Passkeys: ...
    @property
    def saved_views(self) -> SavedViews: ...
    @property
    def provider_sign_in(self) -> ProviderSignIn: ...
    @property
    def refusals(self) -> Refusals: ...
    @property
    def recognition(self) -> Recognition: ...
    @property
    def machine(self) -> Machine: ...


class Needs:
    """A route's permission, and the actor whose it is.

    Attributes:
        destructive: whoever asks has to have shown the second factor a moment ago (T9).
        everywhere: the route is about the whole gateway, so a part of it within reach is not enough.
    """

    def __init__(
        self, permission: Permission, *, destructive: bool = False, everywhere: bool = False
    ) -> None:
        self.permission = permission
        self.destructive = destructive
        self.everywhere = everywhere

    async def __call__(self, request: Request) -> Actor:
        """The actor for the audit trail.

        Raises:
            GatewayError: FORBIDDEN without the permission, UNCONFIRMED without the second factor.
        """
        authority: Authority = request.scope[ADMINISTRATOR]
        permit(authority, self)
        return actor_of(authority, request)


class Unpermitted(GatewayError):
    """FORBIDDEN or UNCONFIRMED before any service was asked; ``problems`` has it recorded (product 8)."""

    def __init__(self, kind: Kind, public: str, permission: Permission) -> None:
        super().__init__(kind, public)
        self.permission = permission


def permit(authority: Authority, needed: Needs) -> Reach:
    """Whom the authority may do to what a route asks for; raises as ``Needs`` does."""
    reach = require(authority, needed.permission, everywhere=needed.everywhere)
    if needed.destructive and not authority.confirmed:
        raise Unpermitted(Kind.UNCONFIRMED, UNCONFIRMED, needed.permission)
    return reach


def require(authority: Authority, permission: Permission, *, everywhere: bool = False) -> Reach:
    """Whom the authority may use the permission on; GatewayError FORBIDDEN where that is nobody."""
    reach = authority.reach(permission)
    if not reach:
        raise Unpermitted(Kind.FORBIDDEN, f"This needs the permission {permission.value}.", permission)
    if everywhere and not reach.everything:
        why = f"This needs the permission {permission.value} for the whole gateway."
        raise Unpermitted(Kind.FORBIDDEN, why, permission)
    return reach


def actor_of(authority: Authority, request: Request) -> Actor:
    """Who asks, as the audit trail names them."""
    trace = request.scope.get(TRACE)
    peer = request.client.host if request.client else ""
    return Actor(
        "admin",
        authority.name,
        trace.client if trace else peer,
        request.headers.get("user-agent", "")[:AGENT_LIMIT],
        trace.request_id if trace else "",
        authority.person,
        authority.credential,
    )


def needs(permission: Permission, *, destructive: bool = False, everywhere: bool = False) -> Any:
    """The dependency by which a route declares its permission."""
    return Depends(Needs(permission, destructive=destructive, everywhere=everywhere))


def declared(route: Any) -> Needs:
    """What a route asks for; GatewayError FORBIDDEN for one that declares nothing (deny by default)."""
    for dependency in getattr(route, "dependant", _UNDECLARED).dependencies:
        if isinstance(dependency.call, Needs):
            return dependency.call
    raise GatewayError(Kind.FORBIDDEN)


class Asking:
    """Who asks, for a route whose body decides which further permission it takes."""

    def __init__(self, authority: Authority, use_cases: UseCases) -> None:
        self.authority = authority
        self._use_cases = use_cases

    def require(self, permission: Permission) -> UseCases:
        """The use cases on all that both the route's permission and this one reach; GatewayError FORBIDDEN
        where this one reaches nothing."""
        return self._use_cases.within(require(self.authority, permission))

    def may(self, permission: Permission, organisation: str) -> bool:
        """Whether ``permission`` reaches the whole organisation with this id."""
        return self.authority.reach(permission).whole(organisation)


async def asking(request: Request) -> Asking:
    """Who asks, with the services on whatever the asker may reach."""
    return Asking(request.scope[ADMINISTRATOR], await use_cases(request))


Bearer = Annotated[Asking, Depends(asking)]
"""The parameter of a route whose body decides which further permission it takes."""


async def use_cases(request: Request) -> UseCases:
    """The services on what the route's permission reaches."""
    authority: Authority = request.scope[ADMINISTRATOR]
    made: UseCases = request.app.state.use_cases
    return made.within(require(authority, declared(request.scope["route"]).permission))


With = Annotated[UseCases, Depends(use_cases)]
"""The parameter by which a route gets at the services: on what its permission reaches, and nothing else."""


class Body(BaseModel):
    """A JSON object of a request."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Filter(BaseModel):
    """The query of a request; its values are texts, so they are read leniently."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


Query = Annotated[T, QueryString()]
"""The parameter that takes a whole query: ``Query[Page]``."""


class Page(Filter):
    """Cursor pagination: ``cursor`` is the ``next`` of the page before, and nothing to be made up."""

    cursor: str = ""
    limit: Annotated[int, Field(ge=1, le=PAGE_LIMIT)] = PAGE_DEFAULT


def encodable(value: T) -> T:
    """A JSON value that can be stored; ValueError for half a surrogate pair, which JSON can spell."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("This is no valid Unicode.") from None
    return value


def word(rule: Callable[[str], str]) -> AfterValidator:
    """A rule of the services as a validator, so that its fault is reported beside all others."""

    def checked(text: str) -> str:
        try:
            return rule(encodable(text))
        except GatewayError as error:
            raise ValueError(error.public) from None

    return AfterValidator(checked)


def _plain(text: str) -> str:
    if len(text) > TEXT_LIMIT or not text.isprintable():
        raise GatewayError(Kind.MALFORMED, f"At most {TEXT_LIMIT} characters, without control characters.")
    return text


Plain = Annotated[str, word(_plain)]
"""A text to look for; a database may fail at a control character."""


def choice() -> Any:
    """Marks an enumeration in a strict model: JSON has only its text."""
    return Field(strict=False)

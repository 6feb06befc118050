"""``/backends`` and ``/certificates`` of the REST API (product 7.3, 9.1): what the configuration has, how it
answers and how long it is good. They are changed in the configuration and in their files.
"""

from datetime import datetime
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import With, needs
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import Permission

router = APIRouter(tags=["machine"])

Reader = Annotated[Actor, needs(Permission.ORGANISATION_READ, everywhere=True)]
Tester = Annotated[Actor, needs(Permission.ORGANISATION_WRITE, everywhere=True)]


class BackendView(BaseModel):
    """A mail server, and the organisations whose default it is, by alias."""

    name: str
    host: str
    kind: str
    credentials: str
    encrypted: bool
    verified: bool
    organisations: list[str]


class BackendList(BaseModel):
    """All mail servers of the configuration, by name."""

    items: list[BackendView]


class AnsweredView(BaseModel):
    """Whether a mail server gave an HTTP answer of its own just now."""

    name: str
    answers: bool


class CertificateView(BaseModel):
    """An installed certificate; ``findings`` is what is wrong with it, the worst of it in ``level``."""

    file: str
    level: str
    findings: list[str]
    subject: str
    issuer: str
    names: list[str]
    not_before: datetime | None
    not_after: datetime | None
    key: str


class CertificateList(BaseModel):
    """All installed certificates, the default one first; none where a front proxy has them."""

    items: list[CertificateView]


@router.get("/backends")
def list_backends(use: With, _actor: Reader) -> BackendList:
    """The mail servers of the configuration."""
    homes = use.tenants.organisations()
    items = [
        BackendView(
            name=each.name,
            host=each.host,
            kind=each.kind,
            credentials=each.credentials,
            encrypted=each.encrypted,
            verified=each.verified,
            organisations=[home.alias for home in homes if home.backend == each.name],
        )
        for each in use.machine.mail_servers()
    ]
    return BackendList(items=items)


@router.post("/backends/{backend}/test")
async def test_backend(backend: str, use: With, _actor: Tester) -> AnsweredView:
    """Ask a mail server now whether it is there."""
    known = await run_sync(use.machine.mail_servers)
    if backend not in {each.name for each in known}:
        raise GatewayError(Kind.NOT_FOUND, "There is no such backend.")
    return AnsweredView(name=backend, answers=await use.machine.answers(backend))


@router.get("/certificates")
def list_certificates(use: With, _actor: Reader) -> CertificateList:
    """The installed certificates with what is wrong with them."""
    try:
        found = use.machine.certificates()
    except OSError as error:
        raise GatewayError(
            Kind.UNAVAILABLE, f"The folder of certificates cannot be read: {error.strerror}."
        ) from error
    return CertificateList(
        items=[CertificateView.model_validate(each, from_attributes=True) for each in found]
    )

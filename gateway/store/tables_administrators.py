"""Tables of administrators, their appointments, tokens, passkeys, sessions and views (product 7.6, 7.7).

An appointment hangs on the organisation, domain or group that it is for: were it kept by name, a domain that
another organisation takes over would bring its former administrators along.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.records.administrators import AdministratorState
from gateway.records.authority import Role
from gateway.records.passkeys import Means, Purpose
from gateway.store.tables import Document, Instant, belongs_to, metadata, named

administrators = Table(
    "administrators",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("name", String(320), nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("person", String(34), nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", named(AdministratorState), nullable=False),
    Column("password_hash", Text),
    Column("password_until", Instant),
    Column("totp", LargeBinary),
    Column("totp_offered", LargeBinary),
    Column("totp_counter", BigInteger, nullable=False),
    Column("recovery", Document, nullable=False),
    Column("vouched_by", String(34), nullable=False),
    Column("vouched_at", Instant),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("label", Text, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("administrator", String(34), belongs_to("administrators.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("limits", Document),
    Column("networks", Document, nullable=False),
    Column("follows", Boolean, nullable=False),
    Column("destructive", Boolean, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("administrator", String(34), belongs_to("administrators.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("confirmed_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("means", named(Means), nullable=False, server_default=Means.PASSWORD.value),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("administrator", String(34), belongs_to("administrators.id"), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("credential", Text, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
)

sign_in_questions = Table(
    "sign_in_questions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("purpose", named(Purpose), nullable=False),
    Column("holder", String(34), nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("content", Document, nullable=False),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("administrator", String(34), belongs_to("administrators.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("question", Document, nullable=False),
    Column("saved_at", Instant, nullable=False),
    UniqueConstraint("administrator", "name"),
)


def _appointments(name: str, holder: str) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("holder", String(34), belongs_to(holder), nullable=False, index=True),
        Column("role", named(Role), nullable=False),
        Column("organisation", String(34), belongs_to("organisations.id"), index=True),
        Column("domain", String(255), belongs_to("domains.name"), index=True),
        Column("group_id", String(34), belongs_to("groups.id"), index=True),
        Column("full_wipe", Boolean, nullable=False),
    )


appointments = _appointments("appointments", "administrators.id")
token_appointments = _appointments("token_appointments", "api_tokens.id")

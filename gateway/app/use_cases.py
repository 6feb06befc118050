"""The use cases of one process, made from a Config: what API, command line and endpoints share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from autodiscover.zone import MailRecords
from certs.sealing import Sealer
from certs.signing import Signer
from gateway.app.advertised import endpoints
from gateway.app.front import Front, ceremonies_at, front, provider_of
from gateway.app.machine import ConfiguredMachine
from gateway.chance import Secrets, SystemClock
from gateway.config import Backend, Config, Credentials, UserMapping, read_secret
from gateway.directory.local import LocalPasswords
from gateway.probes.examining import Examination
from gateway.records.authority import EVERYTHING, Reach
from gateway.records.machine import Machine
from gateway.services.access_rules import AccessRules
from gateway.services.administrators import Administrators
from gateway.services.app_passwords import AppPasswords
from gateway.services.archive import ArchiveService
from gateway.services.assignments import Assignments
from gateway.services.audit import AuditService
from gateway.services.audit_archiving import AuditArchiving
from gateway.services.audit_verifying import AuditVerifier
from gateway.services.checkpoints import Checkpoints
from gateway.services.decisions import Decisions
from gateway.services.default_access import DefaultAccess
from gateway.services.device_reports import DeviceReports
from gateway.services.devices import DeviceService
from gateway.services.domain_records import DomainRecords, Served
from gateway.services.events import Events
from gateway.services.finding import Finder
from gateway.services.groups import Groups
from gateway.services.identity import Identities
from gateway.services.inventory import Inventory
from gateway.services.jobs import JobRunner
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
from gateway.services.recovering import Recovering
from gateway.services.recovery import Recovery
from gateway.services.refusals import Refusals
from gateway.services.repetitions import Repetitions
from gateway.services.resources import Resources
from gateway.services.rollouts import Rollouts
from gateway.services.safeguards import SafeguardService
from gateway.services.self_sessions import SelfSessions
from gateway.services.signing_in import SigningIn
from gateway.services.tenants import Tenants
from gateway.services.tokens import Tokens
from gateway.services.users import Users
from gateway.services.webhooks import Webhooks
from gateway.services.wipes import Wipes
from gateway.services.workmail_rules import WorkmailImport
from gateway.store import DatabaseStore, migrate, open_store

CALLBACK = "/console/sign-in/provider/callback"
"""Whither an identity provider sends browsers back; it has to know the whole address."""


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases of one process, on one store; what API, CLI and endpoints share."""

    store: DatabaseStore
    tenants: Tenants
    users: Users
    groups: Groups
    resources: Resources
    permissions: Permissions
    policies: PolicyService
    access_rules: AccessRules
    workmail: WorkmailImport
    default_access: DefaultAccess
    overrides: Overrides
    decisions: Decisions
    quarantine: Quarantine
    assignments: Assignments
    rollouts: Rollouts
    devices: DeviceService
    protocol_logs: ProtocolLogs
    misbehaviour: Misbehaviour
    identities: Identities
    inventory: Inventory
    recovery: Recovery
    wipes: Wipes
    safeguards: SafeguardService
    panic: Panic
    offboarding: Offboarding
    jobs: JobRunner
    archive: ArchiveService
    audit: AuditService
    audit_verifier: AuditVerifier
    audit_archiving: AuditArchiving
    checkpoints: Checkpoints
    device_reports: DeviceReports
    events: Events
    webhooks: Webhooks
    notices: Notices
    finder: Finder
    domain_records: DomainRecords
    examine: Examination
    profiles: Profiles
    app_passwords: AppPasswords
    self_sessions: SelfSessions
    repetitions: Repetitions
    administrators: Administrators
    tokens: Tokens
    signing_in: SigningIn
    own_account: OwnAccount
    passkeys: Passkeys
    provider_sign_in: ProviderSignIn
    recovering: Recovering
    recognition: Recognition
    refusals: Refusals
    machine: Machine
    made: Callable[[DatabaseStore], "Services"]

    def within(self, reach: Reach) -> "Services":
        """The same use cases on a store that holds nothing but what is within reach (T25)."""
        if reach.everything:
            return self
        # What refusals were told lately is the process's own to remember: else each call would tell anew.
        return replace(self.made(self.store.within(reach)), refusals=self.refusals)


def services(config: Config) -> Services:
    """Make the use cases; nothing is connected before the first call."""
    store = open_store(database_url(config))
    ceremonies = ceremonies_at(config.admin_host, config.admin_origin)
    provider = provider_of(config.oidc, config.admin_origin + CALLBACK)
    door = front(
        config.admin, store, _sealing(config), SystemClock(), ceremonies=ceremonies, provider=provider
    )
    return _on(config, store, door)


def _on(config: Config, store: DatabaseStore, door: Front) -> Services:
    clock, keys, passwords = SystemClock(), Secrets(), LocalPasswords()
    backends = tuple(config.backends)
    rules, overrides = AccessRules(store, clock, keys), Overrides(store, clock)
    signer = lru_cache(1)(partial(_signer, config))
    verifier = AuditVerifier(store, clock, signer)
    return Services(
        store=store,
        tenants=Tenants(store, clock, keys, backends=backends, base_domain=config.base_domain),
        users=Users(store, clock, keys, passwords, backends=backends, by_login=_by_login(config)),
        groups=Groups(store, clock, keys, backends=backends),
        resources=Resources(store, clock, keys),
        permissions=Permissions(store, clock),
        policies=PolicyService(store, clock),
        access_rules=rules,
        workmail=WorkmailImport(store, rules, overrides),
        default_access=DefaultAccess(store, clock),
        overrides=overrides,
        decisions=Decisions(store, clock),
        quarantine=Quarantine(store, clock, rules),
        assignments=Assignments(store, clock),
        rollouts=Rollouts(store, clock),
        devices=DeviceService(store, clock, keys),
        protocol_logs=ProtocolLogs(store, clock),
        misbehaviour=Misbehaviour(store, clock),
        identities=Identities(store, clock),
        inventory=Inventory(store, clock),
        recovery=Recovery(store, clock, _sealing(config)),
        wipes=Wipes(store, clock, keys),
        safeguards=SafeguardService(store, clock),
        panic=Panic(store, clock),
        offboarding=Offboarding(store, clock, keys),
        jobs=JobRunner(store, clock, keys),
        archive=ArchiveService(store, clock),
        audit=AuditService(store, clock),
        audit_verifier=verifier,
        audit_archiving=AuditArchiving(store, clock, signer),
        checkpoints=Checkpoints(store, clock, signer, _outside(config.audit.checkpoint_file)),
        device_reports=DeviceReports(store, clock, verifier),
        events=Events(store),
        webhooks=Webhooks(store, clock, keys, _sealing(config)),
        notices=Notices(store, clock),
        finder=Finder(store),
        domain_records=_domain_records(config, store, clock),
        examine=Examination(config),
        profiles=Profiles(store, clock, keys, config.origin),
        app_passwords=AppPasswords(store, clock, keys, _trusting(config)),
        self_sessions=SelfSessions(store, clock, keys),
        repetitions=Repetitions(store, clock, keys.identity("p-")),
        administrators=Administrators(store, clock, keys, passwords),
        tokens=Tokens(store, store.within(EVERYTHING), clock, keys),
        signing_in=door.signing_in,
        own_account=door.own_account,
        passkeys=door.passkeys,
        provider_sign_in=door.provider_sign_in,
        recovering=door.recovering,
        recognition=door.recognition,
        refusals=Refusals(store, clock),
        machine=ConfiguredMachine(config, clock),
        made=partial(_on, config, door=door),
    )


def _sealing(config: Config) -> Callable[[], Sealer]:
    """The secret is read when it is needed first, and then kept."""
    return lru_cache(1)(lambda: Sealer(read_secret(config.sealing_key_file)))


def _signer(config: Config) -> Signer:
    """The key that the audit trail is signed with; OSError and CertificateError as they come."""
    former = config.audit.former_keys_file
    return Signer(read_secret(config.audit_key_file), read_secret(former) if former else b"")


def _outside(path: Path | None) -> Callable[[str], None] | None:
    """Appends a line to a file; nothing where there is no file."""
    if path is None:
        return None

    def keep(line: str) -> None:
        with path.open("a", encoding="ascii") as file:
            file.write(f"{line}\n")

    return keep


def _trusting(config: Config) -> frozenset[str]:
    """Backends that are told who somebody is and shown no password."""
    trusting = Credentials.TRUSTED
    return frozenset(name for name, each in config.backends.items() if each.credentials is trusting)


def _by_login(config: Config) -> frozenset[str]:
    """Backends for which all domains of an organisation are one name space of users."""
    told = (UserMapping.LOCAL_PART, UserMapping.DOMAIN_USER)
    return frozenset(name for name, backend in config.backends.items() if backend.user_mapping in told)


def _domain_records(config: Config, store: DatabaseStore, clock: SystemClock) -> DomainRecords:
    served = {name: _served(config, backend) for name, backend in config.backends.items()}
    return DomainRecords(store, clock, public_host=config.public_host, port=config.public_port, served=served)


def _served(config: Config, backend: Backend) -> Served:
    mail = MailRecords(backend.mx, backend.spf, backend.dmarc, backend.dkim)
    return Served(endpoints(config, backend), mail)


def database_url(config: Config) -> str:
    """The store's URL, with the password of ``store.password_file`` where there is one."""
    if config.store.password_file is None:
        return config.store_url
    parts = urlsplit(config.store_url)
    password = quote(read_secret(config.store.password_file).decode(), safe="")
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user}:{password}@{host}").geturl()


def prepare(config: Config) -> None:
    """Bring the database up to date; run once, before any worker."""
    migrate(database_url(config))


def domain_names(store: DatabaseStore) -> Sequence[str]:
    """The mail domains of every organisation."""
    with store.read() as transaction:
        return tuple(domain.name for domain in transaction.directory.domains())

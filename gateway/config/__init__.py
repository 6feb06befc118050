"""Settings: ``load`` gives a frozen ``Config`` or one ``ConfigError`` that lists every fault (house.md 7)."""

from gateway.config.administration import Admin, Oidc
from gateway.config.faults import Fault
from gateway.config.loading import ConfigError, load
from gateway.config.telling import AccessLines, Audit, Level, LogConfig, MailConfig, MailSecurity, Webhooks
from gateway.config.values import (
    ACTIVESYNC_PATH,
    SHARED_NETWORKS,
    Address,
    Backend,
    BackendKind,
    CertificateFiles,
    Config,
    Credentials,
    DnsConfig,
    Limits,
    Listen,
    Network,
    Provisions,
    StoreConfig,
    Tls,
    UserMapping,
    is_address,
    read_secret,
)

__all__ = [
    "ACTIVESYNC_PATH",
    "SHARED_NETWORKS",
    "AccessLines",
    "Address",
    "Admin",
    "Audit",
    "Backend",
    "BackendKind",
    "CertificateFiles",
    "Config",
    "ConfigError",
    "Credentials",
    "DnsConfig",
    "Fault",
    "Level",
    "Limits",
    "Listen",
    "LogConfig",
    "MailConfig",
    "MailSecurity",
    "Network",
    "Oidc",
    "Provisions",
    "StoreConfig",
    "Tls",
    "UserMapping",
    "Webhooks",
    "is_address",
    "load",
    "read_secret",
]

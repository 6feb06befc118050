"""Settings: ``load`` gives a frozen ``Config`` or one ``ConfigError`` that lists every fault (house.md 7)."""

from gateway.config.faults import Fault
from gateway.config.loading import ConfigError, load
from gateway.config.values import (
    ACTIVESYNC_PATH,
    AccessLines,
    Address,
    Admin,
    Backend,
    BackendKind,
    CertificateFiles,
    Config,
    Credentials,
    Level,
    Limits,
    Listen,
    LogConfig,
    Network,
    StoreConfig,
    Tls,
    UserMapping,
    read_secret,
)

__all__ = [
    "ACTIVESYNC_PATH",
    "AccessLines",
    "Address",
    "Admin",
    "Backend",
    "BackendKind",
    "CertificateFiles",
    "Config",
    "ConfigError",
    "Credentials",
    "Fault",
    "Level",
    "Limits",
    "Listen",
    "LogConfig",
    "Network",
    "StoreConfig",
    "Tls",
    "UserMapping",
    "load",
    "read_secret",
]

"""The domains that a configuration's directory serves, for the commands that look at certificates.

They also run before the gateway's first start, when there is no database, and never make one.
"""

from pathlib import Path

from certs.chain import parse
from certs.csr import names_of
from certs.errors import CertificateError
from certs.selection import Selection
from gateway.app import database_url, domain_names
from gateway.config import CertificateFiles, Config
from gateway.config.certificate_files import certificate_files
from gateway.errors import GatewayError
from gateway.store import open_store


def served_domains(config: Config) -> tuple[str, ...]:
    """The mail domains of all organisations; none before the gateway was started for the first time.

    Raises:
        CertificateError: the database cannot be read.
    """
    if not has_database(config):
        return ()
    store = open_store(database_url(config))
    try:
        return tuple(domain_names(store))
    except GatewayError as error:
        raise CertificateError(f"the served domains cannot be read: {error}") from error
    finally:
        store.close()


def has_database(config: Config) -> bool:
    """False where looking into it would make one."""
    file = config.store_url.removeprefix("sqlite:///")
    return file == config.store_url or Path(file).exists()


def certificates(config: Config) -> tuple[Selection[CertificateFiles], dict[CertificateFiles, str]]:
    """Which configured files a host name gets, and the files that cannot be read with the reason."""
    found: list[tuple[tuple[str, ...], CertificateFiles]] = []
    bad: dict[CertificateFiles, str] = {}
    for files in certificate_files(config.tls):
        try:
            leaf = parse(files.certificate.read_bytes())[0]
            found.append((names_of(leaf.extensions), files))
        except OSError as error:
            bad[files] = error.strerror or str(error)
        except CertificateError as error:
            bad[files] = str(error)
    return Selection(found), bad

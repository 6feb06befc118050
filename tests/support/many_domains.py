"""A directory of many domains with a certificate for each, as a hoster has them."""

from datetime import timedelta
from pathlib import Path

from certs import authority, csr, keys
from gateway.records import Domain, Organisation
from gateway.store import migrate, open_store
from tests.support.handshakes import NOW, ROOT

PUBLIC = "mail.usher.test"
ACME = "m-" + "a" * 32


def issue(folder: Path, name: str, *names: str, days: int = 0) -> None:
    """``name/fullchain.pem`` and ``privkey.pem``; the key is one for all, because nobody here steals it."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    chain = authority.issue(ROOT, csr.Request(names, KEY.public_key()), NOW + timedelta(days=days))
    (place / "fullchain.pem").write_bytes(authority.to_pem(chain))
    (place / "privkey.pem").write_bytes(keys.to_pem(KEY))


KEY = keys.new_key()


def settled(folder: Path, *domains: str, certified: bool = True, settings: str = "") -> Path:
    """A configuration with these domains in its directory; if ``certified``, with their certificates.

    Returns:
        the configuration file; ``authority.pem`` and ``certs`` are beside it.
    """
    (folder / "authority.pem").write_bytes(authority.to_pem(ROOT.chain))
    issue(folder / "certs", "000-public", PUBLIC)
    for domain in domains if certified else ():
        issue(folder / "certs", domain, f"autodiscover.{domain}", f"autoconfig.{domain}")
    _inhabit(folder, domains)
    path = folder / "usher.toml"
    path.write_text(
        f'public_host = "{PUBLIC}"\n{settings}\n[listen]\nclients = []\nredirect = []\n'
        f'plain = ["unix:/run/usher/clients.sock"]\nadmin = ["127.0.0.1:0"]\n'
        f'[tls]\nfolder = "{folder}/certs"\n[store]\ndirectory = "{folder}"\n'
        '[backends.default]\nurl = "https://mail.example/Microsoft-Server-ActiveSync"\n'
    )
    return path


def _inhabit(folder: Path, domains: tuple[str, ...]) -> None:
    url = f"sqlite:///{folder}/usher.db"
    migrate(url)
    store = open_store(url)
    with store.write() as transaction:
        transaction.directory.add_organisation(Organisation(ACME, "acme", "Acme", NOW))
        for name in domains:
            transaction.directory.add_domain(Domain(name, ACME))
    store.close()

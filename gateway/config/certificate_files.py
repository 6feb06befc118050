"""Which files the ``[tls]`` section means (product 9.1: several certificates by SNI).

A folder is read anew at each reload, so a certificate for a new customer is a file put there and a SIGHUP.
Three layouts are known, because these are what tools write: certbot's and dehydrated's ``live`` folder
(``NAME/fullchain.pem`` and ``NAME/privkey.pem``), ``NAME.pem`` or ``NAME.crt`` beside ``NAME.key`` (lego,
acme.sh, by hand), and ``NAME.pem`` with the key in it (haproxy's way).
"""

from collections.abc import Iterator
from pathlib import Path

from gateway.config.values import CertificateFiles, Tls

CHAIN, KEY = "fullchain.pem", "privkey.pem"
FLAT = (".pem", ".crt")


def certificate_files(tls: Tls) -> tuple[CertificateFiles, ...]:
    """All of them without repetition: the default one first, then those listed, then the folder's by name.

    Raises:
        OSError: the folder cannot be read.
    """
    default = (tls.default,) if tls.default else ()
    found = _in_folder(tls.folder) if tls.folder else ()
    return tuple(dict.fromkeys((*default, *tls.certificates, *found)))


def _in_folder(folder: Path) -> Iterator[CertificateFiles]:
    if _is_live(folder):
        yield CertificateFiles(folder / CHAIN, folder / KEY)
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if _is_live(path):
                yield CertificateFiles(path / CHAIN, path / KEY)
        elif path.suffix in FLAT:
            key = path.with_suffix(".key")
            yield CertificateFiles(path, key if key.exists() else path)


def _is_live(folder: Path) -> bool:
    """A link that leads nowhere counts: it is a fault to be told, not a certificate that is not there."""
    chain = folder / CHAIN
    return chain.exists() or chain.is_symlink()

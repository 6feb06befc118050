"""The one error of this package."""


class CertificateError(Exception):
    """A file, name or chain that cannot be used; the text is for the person who installed it."""

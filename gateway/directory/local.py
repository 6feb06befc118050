"""The built-in directory: users whose password hash the store keeps (product 1)."""

from gateway.directory.passwords import hash_password, verify_password
from gateway.records import User, UserSource


class LocalPasswords:
    """``ports.PasswordHasher`` and ``credential_checks.PasswordCheck``, and the check of a login."""

    def hash(self, password: str) -> str:
        """Raises ValueError for a password that no directory may be shown."""
        return hash_password(password)

    def verify(self, user: User | None, password: str) -> bool:
        """Check a password; takes 19 ms of CPU for anyone, known or not. A user's state is not looked at."""
        stored = user.password_hash if user is not None and user.source is UserSource.LOCAL else None
        return verify_password(password, stored)

    def matches(self, password: str, stored: str | None) -> bool:
        """The same check for an administrator's hash; as slow where there is none."""
        return verify_password(password, stored)

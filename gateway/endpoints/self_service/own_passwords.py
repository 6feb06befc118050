"""A person's own app passwords (product 7.8, 3.8): made, shown once, revoked."""

from datetime import datetime, timedelta

from gateway.endpoints.forms import Form
from gateway.endpoints.self_service.door import HOME, to
from gateway.endpoints.self_service.pages import Pages
from gateway.endpoints.self_service.visits import Visit
from gateway.errors import GatewayError, malformed
from gateway.services.app_passwords import AppPasswords
from gateway.services.ports import Clock
from mdm.ashttp import Reply

LONGEST_DAYS = 731


class OwnPasswords:
    """The pages about app passwords and what their forms do."""

    def __init__(self, passwords: AppPasswords, clock: Clock, pages: Pages) -> None:
        self._passwords = passwords
        self._clock = clock
        self._pages = pages

    def all(self, visit: Visit, problem: GatewayError | None = None) -> Reply:
        """Mine, and a form for another, with why the last one was refused."""
        user = visit.owner.user.id
        return self._pages.page(
            visit,
            "app_passwords.html",
            made=self._passwords.list(user),
            obstacle=self._passwords.obstacle(user),
            problem=problem,
        )

    def make(self, visit: Visit) -> Reply:
        """Make one; the answer has it, once."""
        ends = self._ends(visit.form)
        made = self._passwords.make(visit.actor, visit.owner.user.id, visit.form.text("label"), ends)
        return self._pages.page(visit, "app_password.html", fresh=made)

    def revoke(self, visit: Visit) -> Reply:
        """Take one of mine back."""
        self._passwords.revoke(visit.actor, visit.owner.user.id, visit.named)
        return to(f"{HOME}app-passwords")

    def _ends(self, form: Form) -> datetime | None:
        days = form.number("days")
        if days == "":
            return None
        if isinstance(days, str) or not 0 < days <= LONGEST_DAYS:
            raise malformed("days", "Between 1 and 731 days, or nothing.")
        return self._clock.now() + timedelta(days=days)

"""A person's own app passwords at ``/self/`` (product 7.8, 3.8)."""

import re

from tests.support.gateway import Gateway
from tests.support.self_service import Browser


async def test_i_make_and_revoke_an_app_password(gateway: Gateway, ann: Browser) -> None:
    made = await ann.do("/self/app-passwords", label="My <b>phone</b>", days="30")
    secret = re.search(r"<code>([a-z2-7-]{23})</code>", made.text)
    assert secret is not None
    assert made.headers["cache-control"] == "no-store"
    listed = (await ann.get("/self/app-passwords")).text
    assert secret[1] not in listed
    assert "My &lt;b&gt;phone" in listed
    (kept,) = gateway.made.app_passwords.list(gateway.key().user)
    assert kept.expires_at is not None
    assert (await ann.do(f"/self/app-passwords/{kept.id}/revoke")).status_code == 303
    assert gateway.made.app_passwords.list(gateway.key().user) == []
    for days in ("0", "732", "x", "-1", "9" * 300, "00001" + "9" * 30):
        assert (await ann.do("/self/app-passwords", label="x", days=days)).status_code == 400

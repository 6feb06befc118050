"""Port 80, composed."""

from pathlib import Path

from gateway.app import redirect
from gateway.config import Limits
from tests.support.inhabited import configured
from tests.support.offering import OFFERING
from tests.support.raw import Raw
from tests.support.serving import exchange, ours


async def test_port_80_redirects_what_the_certificate_covers(tmp_path: Path) -> None:
    app = redirect(configured(tmp_path, OFFERING, Limits()))
    await app.start()
    async with ours(app) as port:
        for host, expected in (("usher.example", "usher.example"), ("evil.example", "usher.example")):
            request = f"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
            answer = await exchange(port, request)
            assert Raw(answer).status == 302
            assert f"https://{expected}/autodiscover/autodiscover.xml".encode() in answer
        request = (
            b"POST /Microsoft-Server-ActiveSync?Cmd=Sync HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        )
        assert Raw(await exchange(port, request)).status == 403
    await app.drain()
    await app.close()

"""The private network's name server: dnsmasq, with exactly the records that a test publishes.

It asks nobody else. A name that is not in the zone does not exist (NXDOMAIN), in whatever domain it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support.components import program
from tests.support.netlab import Namespace


@dataclass(frozen=True)
class Record:
    """One line of a zone; ``kind`` is A, CNAME, MX or SRV (``priority weight port target``)."""

    name: str
    kind: str
    content: str

    def line(self) -> str:
        """As dnsmasq writes it."""
        match self.kind:
            case "A":
                return f"host-record={self.name},{self.content}"
            case "CNAME":
                return f"cname={self.name},{self.content}"
            case "SRV":
                priority, weight, port, target = self.content.split()
                return f"srv-host={self.name},{target},{port},{priority},{weight}"
            case "MX":
                return f"mx-host={self.name},{self.content},10"
        raise ValueError(self.kind)


SETTINGS = """\
no-daemon
no-resolv
no-hosts
no-poll
local=/#/
listen-address=127.0.0.1
bind-interfaces
user=root
pid-file=
cache-size=0
log-queries
log-facility=-
"""


def start(inside: Namespace, records: Iterable[Record]) -> Path:
    """Serve ``records`` on 127.0.0.1:53; the file that every query is logged to."""
    settings, log = inside.folder / "dnsmasq.conf", inside.folder / "dnsmasq.log"
    settings.write_text(SETTINGS + "".join(f"{record.line()}\n" for record in records))
    server = inside.start(program("dnsmasq"), f"--conf-file={settings}", log=log)
    inside.listening(server, log, ("127.0.0.1", 53))
    return log

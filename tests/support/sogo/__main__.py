"""``python -m tests.support.sogo``: the laboratory in the foreground, for a look by hand; Ctrl-C ends it."""

import signal
import sys

from tests.support.sogo_lab import SogoLab, missing_parts


def main() -> None:
    missing = missing_parts()
    if missing:
        sys.exit(f"missing: {', '.join(missing)}")
    with SogoLab.running() as lab:
        print(f"ActiveSync  {lab.url}   user1 / {lab.user(1).password}, and so on")
        print(
            f"SMTP 127.0.0.1:{lab.ports.smtp}   IMAP 127.0.0.1:{lab.ports.imap}   data and logs {lab.folder}"
        )
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
main()

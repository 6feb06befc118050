"""The mail server behind the gateway, with everybody of the scenarios: run inside as ``python -m``.

The sample mail server of this project: discovery ends in front of it, and only an examination that goes as
far as FolderSync gets through.
"""

import sys

from gateway.sample import serving
from tests.support.netlab_scenarios import PASSWORD, SCENARIOS

if __name__ == "__main__":
    users = {scenario.mailbox: PASSWORD for scenario in SCENARIOS}
    sys.exit(serving.main(users, serving.listener(int(sys.argv[1]))))

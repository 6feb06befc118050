"""Who may have an address: nobody else has it, and its domain is the organisation's (product 1).

Users, groups and resources share one space of addresses, so all of them ask here.
"""

from gateway.errors import GatewayError, Kind, malformed
from gateway.services.directory_ports import Directory
from gateway.services.names import require_address


def require_free(directory: Directory, organisation: str, address: str, owner: str = "") -> str:
    """The folded address, which ``owner`` may have.

    Raises:
        GatewayError: MALFORMED for a wrong form or a domain that is not the organisation's, CONFLICT when it
            means somebody or something else already.
    """
    folded = require_address(address)
    domain = directory.domain(folded.rpartition("@")[2])
    if domain is None or domain.organisation != organisation:
        raise malformed("address", "The address is in no domain of this organisation.")
    holder = directory.holder(folded)
    if holder is not None and holder != owner:
        raise GatewayError(Kind.CONFLICT, f"The address {folded} is in use.")
    return folded

"""Whether two accounts are one person's (product 5.5; T9): who approves must be another than who asked.

Today an administrator is the name that the trail shows. Signing in as persons (issue 5) makes this the place
where two accounts of one identity provider's subject are found to be one.
"""


def same_person(one: str, other: str) -> bool:
    """Whether both names are one person's, as far as names can tell."""
    return one.strip().casefold() == other.strip().casefold()

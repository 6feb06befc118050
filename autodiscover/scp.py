"""Service connection points for Active Directory, as LDIF (product 2.7)."""

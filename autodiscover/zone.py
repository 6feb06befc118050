"""Which records a domain must or may publish (product 2.5)."""

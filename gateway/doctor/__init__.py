"""``usher doctor``: walk every client family's discovery from outside and say what to mend (product 2.6)."""

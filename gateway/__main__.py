"""``python -m gateway`` is ``usher``."""

from gateway.cli import main

if __name__ == "__main__":
    main(prog_name="usher")

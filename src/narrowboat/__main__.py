"""`python -m narrowboat`: the same as the command `narrowboat`."""

import sys

from narrowboat.cli import command

if __name__ == "__main__":
    sys.exit(command())

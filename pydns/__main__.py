"""`python -m pydns` is the command `pydns`."""

import sys

from pydns.cli import main

sys.exit(main())

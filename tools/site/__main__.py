"""The command behind `python start.py site`."""

import sys

from tools.site.build import main

sys.exit(main())

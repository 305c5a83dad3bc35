"""The command behind `python start.py slides`."""

import sys

from tools.slides.build import main

sys.exit(main())

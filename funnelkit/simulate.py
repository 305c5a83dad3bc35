"""The generator of the simulated tables: the import path that notebooks and guides name.

``python -m funnelkit.simulate`` writes the tables, ``--check`` compares them with a fresh run.
The world itself, its model and its draws are in `funnelkit.world`.
"""

import sys

from funnelkit.world import (
    CAMPAIGN_BOUNDS,
    CHANNELS,
    MODEL,
    SEED,
    Draws,
    campaign_profit,
    files,
    main,
    run_industry,
    truth,
    try_campaign,
    world,
)

__all__ = [
    "CAMPAIGN_BOUNDS",
    "CHANNELS",
    "MODEL",
    "SEED",
    "Draws",
    "campaign_profit",
    "files",
    "main",
    "run_industry",
    "truth",
    "try_campaign",
    "world",
]


def __dir__():
    return __all__


if __name__ == "__main__":
    sys.exit(main())

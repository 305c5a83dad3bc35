"""Lumen Academy: the generator of the simulated tables, room by room.

`model` holds what is planted, `keys` the ids and the calendar, `draws` the random numbers that are
looked up; `log`, `customers` and `leads` draw the tables (`phrases`: what leads write), and `run`
puts them together; `campaigns` is a simulator that answers what settings would earn.
`funnelkit.simulate` is the same under the name that the guides use.
"""

from funnelkit.world.campaigns import CAMPAIGN_BOUNDS, campaign_profit, try_campaign
from funnelkit.world.draws import Draws
from funnelkit.world.industries import run_industry
from funnelkit.world.model import CHANNELS, MODEL, SEED
from funnelkit.world.run import files, main, truth, world

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

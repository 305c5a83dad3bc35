"""Lumen Academy: the generator of the simulated tables, room by room.

`model` holds what is planted, `keys` the ids and the calendar, `draws` the random numbers that are
looked up; `log`, `customers` and `leads` draw the tables (`phrases`: what leads write), and `run`
puts them together. `funnelkit.simulate` is the same under the name that the guides use.
"""

from funnelkit.world.draws import Draws
from funnelkit.world.model import CHANNELS, MODEL, SEED
from funnelkit.world.run import files, main, truth, world

__all__ = ["CHANNELS", "MODEL", "SEED", "Draws", "files", "main", "truth", "world"]


def __dir__():
    return __all__

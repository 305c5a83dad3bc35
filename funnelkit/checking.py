"""Checks of exercises: what a learner's answer is worth, and what to do next.

In a notebook:

>>> from funnelkit.checking import check, hint, progress

``check("2.3")`` looks at the variable that task 2.3 asks for and says whether it is right; if
not, what is wrong and why, and one next step. ``hint("2.3")`` gives one hint after another.
``progress()`` shows what has been solved. How it works is in `funnelkit.exercises`.
"""

from funnelkit.exercises.notebook import check, hint, progress

__all__ = ["check", "hint", "progress"]


def __dir__():
    return __all__

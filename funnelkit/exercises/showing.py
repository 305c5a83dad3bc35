"""What is said to a learner is shown, wherever in a cell it comes about.

A notebook shows what the last line of a cell gives. What was said before that, or was put into a
variable, is kept in a list here and shown at the end of the cell.
"""

import sys

__all__ = ["say", "seen"]

_unseen = []
_watched = []  # the notebooks in which the end of each cell is waited for


def say(card):
    """Return a card, and have the notebook show it if the cell does not.

    Parameters
    ----------
    card : object
        That calls `seen` when it is shown.

    Returns
    -------
    object
        The same card.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        if shell not in _watched:
            shell.events.register("post_run_cell", _show_unseen)
            _watched.append(shell)
        _unseen.append(card)
    return card


def seen(card):
    """Note that a card is being shown; show those first that came before it.

    Parameters
    ----------
    card : object
    """
    place = next((n for n, other in enumerate(_unseen) if other is card), None)
    if place is not None:
        before = _unseen[:place]
        del _unseen[: place + 1]
        _display(before)


def _show_unseen(*result):
    """Show what a cell has not shown."""
    cards = _unseen[:]
    _unseen.clear()
    _display(cards)


def _display(cards):
    if cards:
        from IPython.display import display

        display(*cards)

"""The stages of a deal as data: which moves are legal, and which rows of a history are not."""

from collections.abc import Mapping

import pandas as pd

from funnelkit import _inputs

__all__ = ["MOVES", "closed_stages", "first_stage", "illegal_moves", "moves_table", "need_moves"]

# From each stage the stages that may come next. The first is where a deal begins.
MOVES = {
    "MQL": ("SQL", "lost"),
    "SQL": ("call", "lost"),
    "call": ("proposal", "lost"),
    "proposal": ("negotiation", "lost"),
    "negotiation": ("won", "lost"),
    "won": (),
    "lost": ("MQL",),
}


def moves_table(moves=MOVES):
    """Return the legal moves as a table.

    Parameters
    ----------
    moves : dict, default `MOVES`
        For each stage the stages that may come next; the first stage is where deals begin.

    Returns
    -------
    DataFrame
        One row per legal move: `move_from`, `move_to`, and whether it `reopens` a closed deal.
        Where `move_from` is missing, a deal begins.

    Examples
    --------
    >>> moves_table().tail(3)
          move_from move_to  reopens
    9   negotiation     won    False
    10  negotiation    lost    False
    11         lost     MQL     True
    """
    need_moves(moves)
    closed = closed_stages(moves)
    rows = [(None, first_stage(moves), False)]
    rows += [(start, end, start in closed) for start, ends in moves.items() for end in ends]
    return pd.DataFrame(rows, columns=["move_from", "move_to", "reopens"])


def illegal_moves(stages, *, moves=MOVES):
    """Return the rows of a history of stages that a stage machine would have refused.

    Parameters
    ----------
    stages : DataFrame
        One row per deal that enters a stage: `deal_id`, `stage`, `entered_at`; the rows of a deal
        in the order in which they happened.
    moves : dict, default `MOVES`
        For each stage the stages that may come next.

    Returns
    -------
    DataFrame
        The rows that are refused, with `move_from`, the stage before, and the `reason`: "unknown
        stage", "illegal move" or "clock runs backwards".

    Examples
    --------
    >>> stages = pd.DataFrame({"deal_id": ["D-1"] * 3, "stage": ["MQL", "SQL", "won"]})
    >>> stages["entered_at"] = pd.to_datetime(["2026-03-01", "2026-03-04", "2026-03-02"])
    >>> illegal_moves(stages)[["deal_id", "move_from", "stage", "reason"]]
      deal_id move_from stage        reason
    2     D-1       SQL   won  illegal move
    """
    need_moves(moves)
    _inputs.need_columns(stages, ["deal_id", "stage", "entered_at"], "stages")
    deal = _inputs.ids(stages["deal_id"], "deal_id")
    stage = _inputs.ids(stages["stage"], "stage")
    entered = _inputs.times(stages["entered_at"], "entered_at")
    before = stage.astype(object).groupby(deal).shift()
    before = before.where(before.notna(), None)
    legal = {(None, first_stage(moves))}
    legal |= {(start, end) for start, ends in moves.items() for end in ends}
    reason = pd.Series(None, index=stages.index, dtype=object)
    reason[(entered < entered.groupby(deal).shift()).to_numpy()] = "clock runs backwards"
    moved = zip(before, stage, strict=True)
    reason[[each not in legal for each in moved]] = "illegal move"
    reason[~stage.isin(list(moves)).to_numpy()] = "unknown stage"
    table = pd.DataFrame(
        {"deal_id": deal, "move_from": before, "stage": stage, "entered_at": entered}
    )
    return table.assign(reason=reason)[reason.notna()]


def first_stage(moves):
    """Return the stage in which a deal begins."""
    return next(iter(moves))


def closed_stages(moves):
    """Return the stages that close a deal: from them it goes nowhere, or back to the beginning."""
    first = first_stage(moves)
    return {stage for stage, ends in moves.items() if stage != first and set(ends) <= {first}}


def need_moves(moves):
    """Refuse what is not a table of moves; return it."""
    advice = 'give for each stage those that may come next, such as {"open": ("won",), "won": ()}'
    if not isinstance(moves, Mapping):
        raise TypeError(f"moves is {_inputs.name_of_type(moves)}: {advice}")
    if not moves:
        raise ValueError(f"moves has no stages: {advice}")
    for start, ends in moves.items():
        if not isinstance(start, str) or not isinstance(ends, list | tuple):
            raise TypeError(f"moves has {_inputs.short_form({start: ends})}: {advice}")
        for end in ends:
            _inputs.need_known(end, moves, "stage of moves")
    if not closed_stages(moves):
        raise ValueError(f"moves has no stage in which a deal ends: {advice}")
    return moves

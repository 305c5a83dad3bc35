"""What the tests of several subjects draw at random."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def scored(draw):
    """Scores, many of them tied, and outcomes of which some are True and some are not."""
    n = draw(st.integers(2, 60))
    levels = draw(st.sampled_from([None, 1, 2, 5]))
    elements = st.integers(0, 1000).map(lambda x: x / 1000)
    score = np.array(draw(st.lists(elements, min_size=n, max_size=n)))
    score = score if levels is None else np.round(score * levels) / levels
    outcome = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    outcome[:2] = [True, False]
    return score, outcome


@st.composite
def weighted(draw, whole=False):
    """Scores, outcomes, and how many leads each stands for."""
    score, outcome = draw(scored())
    amounts = st.integers(1, 5) if whole else st.integers(1, 4000).map(lambda x: x / 1000)
    return (
        score,
        outcome,
        np.array(draw(st.lists(amounts, min_size=len(score), max_size=len(score)))),
    )

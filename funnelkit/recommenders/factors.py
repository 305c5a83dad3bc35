"""Matrix factorisation: the step that `SVD` takes for each rating, and a bridge to `surprise`.

Input is checked as `funnelkit._inputs` says; `surprise` itself checks little: an id that it does
not know, or an option with a typing mistake, passes in silence.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.recommenders.matrices import checked_pairs, rating_matrix

__all__ = ["surprise_estimates", "surprise_trainset", "svd_estimate", "svd_estimates", "svd_step"]


def __dir__():
    return __all__


def svd_estimate(*, mean, user_bias, item_bias, user_factors, item_factors):
    r"""Estimate a rating from biases and factors.

    Parameters
    ----------
    mean : number
        Of all ratings.
    user_bias, item_bias : number
        By how much this user's and this item's ratings are above it.
    user_factors, item_factors : sequence of numbers
        Equally many: how much the user cares for each hidden trait, and the item has of it.

    Returns
    -------
    float
        :math:`\mu + b_u + b_i + p_u \cdot q_i`.

    Examples
    --------
    >>> round(svd_estimate(mean=3.5, user_bias=0, item_bias=0, user_factors=[0.1, -0.1],
    ...                    item_factors=[0.2, 0.1]), 4)
    3.51
    """
    p, q = _factors(user_factors, item_factors)
    numbers = {"mean": mean, "user_bias": user_bias, "item_bias": item_bias}
    total = sum(_inputs.number(name, value) for name, value in numbers.items())
    value = np.array(total + p @ q)
    return float(_inputs.computable("the estimate", value))


def svd_step(
    rating,
    *,
    mean,
    user_bias,
    item_bias,
    user_factors,
    item_factors,
    rate=0.005,
    penalty=0.02,
):
    r"""Take one step of stochastic gradient descent: one rating teaches its user and its item.

    Parameters
    ----------
    rating : number
        The rating that was given.
    mean, user_bias, item_bias, user_factors, item_factors
        As for `svd_estimate`, before the step.
    rate : number, default 0.005
        How far a step goes.
    penalty : number, default 0.02
        How strongly biases and factors are drawn towards 0.

    Returns
    -------
    dict
        `user_bias`, `item_bias`, `user_factors`, `item_factors` after the step, so that
        ``svd_step(..., mean=mean, **step)`` takes the next.

    Notes
    -----
    With the error :math:`e = r - \hat r`, rate :math:`\gamma` and penalty :math:`\lambda`,

    .. math:: b_u \leftarrow b_u + \gamma (e - \lambda b_u), \qquad
              p_u \leftarrow p_u + \gamma (e\,q_i - \lambda p_u), \qquad
              q_i \leftarrow q_i + \gamma (e\,p_u - \lambda q_i),

    and :math:`b_i` as :math:`b_u`. All right sides are taken *before* the step; :math:`q_i` with
    the new :math:`p_u` is a common mistake (Koren, Bell & Volinsky 2009).

    Examples
    --------
    >>> step = svd_step(5, mean=3.5, user_bias=0, item_bias=0, user_factors=[0.1, -0.1],
    ...                 item_factors=[0.2, 0.1])
    >>> step["user_factors"].round(6).tolist(), round(step["user_bias"], 5)
    ([0.10148, -0.099245], 0.00745)
    """
    stars = _inputs.number("rating", rating)
    gamma = _inputs.number("rate", rate, above=0)
    weight = _inputs.number("penalty", penalty, at_least=0)
    p, q = _factors(user_factors, item_factors)
    before = {"mean": mean, "user_bias": user_bias, "item_bias": item_bias}
    error = stars - svd_estimate(user_factors=p, item_factors=q, **before)
    new_p = p + gamma * (error * q - weight * p)
    new_q = q + gamma * (error * p - weight * q)
    biases = np.array([user_bias, item_bias], dtype=float)
    biases = biases + gamma * (error - weight * biases)
    _inputs.computable("a factor", np.concatenate([new_p, new_q, biases]))
    return {
        "user_bias": float(biases[0]),
        "item_bias": float(biases[1]),
        "user_factors": new_p,
        "item_factors": new_q,
    }


def _factors(user_factors, item_factors):
    """Return the factors of a user and an item as arrays of one length."""
    p = np.atleast_1d(_inputs.finite("user_factors", user_factors))
    q = np.atleast_1d(_inputs.finite("item_factors", item_factors))
    if p.ndim > 1 or q.ndim > 1:
        raise ValueError("user_factors or item_factors is a list of lists: give those of one")
    _inputs.need_same_length("factors", user_factors=p, item_factors=q)
    return p, q


def surprise_trainset(
    ratings, *, scale=(1, 5), user="customer_id", item="course_id", rating="rating"
):
    """Make the train set on which `surprise` fits, after the checks that it does not make.

    Parameters
    ----------
    ratings, scale, user, item, rating
        As for `rating_matrix`.

    Returns
    -------
    surprise.Trainset

    Raises
    ------
    ValueError
        If a user has rated an item twice, or a rating is off the scale.

    Examples
    --------
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rating": [5, 2, 4]})
    >>> surprise_trainset(given).n_ratings
    3
    """
    rating_matrix(ratings, scale=scale, user=user, item=item, rating=rating)
    from surprise import Dataset, Reader

    low, high = map(float, scale)
    table = pd.DataFrame(
        {
            user: ratings[user].to_numpy(),
            item: ratings[item].to_numpy(),
            rating: np.asarray(ratings[rating], dtype=float),
        }
    )
    return Dataset.load_from_df(table, Reader(rating_scale=(low, high))).build_full_trainset()


def surprise_estimates(model, pairs, *, user="customer_id", item="course_id"):
    """Ask a fitted model of `surprise` for its estimates, and say of which it knows nothing.

    Parameters
    ----------
    model : surprise.AlgoBase
        Fitted on a train set.
    pairs : DataFrame
        One row per user and item.
    user, item : str
        The columns of `pairs`.

    Returns
    -------
    DataFrame
        `pairs` with `estimate`; `impossible`, where the model gave up and answered with the
        mean of all ratings; and `unknown`, where the user or the item is not in the train set, as
        happens when ids are numbers in one table and text in the other. The shares of both are in
        ``attrs``.

    Raises
    ------
    ValueError
        If no pair has a user or an item that the model knows.

    Examples
    --------
    >>> from surprise import BaselineOnly
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rating": [5, 2, 4]})
    >>> model = BaselineOnly(verbose=False).fit(surprise_trainset(given))
    >>> asked = pd.DataFrame({"customer_id": ["b", "c"], "course_id": ["y", "y"]})
    >>> surprise_estimates(model, asked)[["estimate", "unknown"]].round(1).to_numpy().tolist()
    [[3.5, False], [3.5, True]]
    """
    train = _trainset(model)
    checked_pairs(pairs, user, item, "pairs")
    unknown = ~(_known(pairs[user], train.to_inner_uid) & _known(pairs[item], train.to_inner_iid))
    if unknown.all():
        raise ValueError(
            f"the model knows no pair of {user} and {item} (first: {pairs[user].iloc[0]!r}, "
            f"{pairs[item].iloc[0]!r}): give ids of the type that it was fitted on, such as "
            f"pairs[{user!r}].astype(str)"
        )
    made = [model.predict(u, i) for u, i in zip(pairs[user], pairs[item], strict=True)]
    table = pairs.assign(
        estimate=[each.est for each in made],
        impossible=[bool(each.details["was_impossible"]) for each in made],
        unknown=unknown,
    )
    table.attrs["impossible"] = float(table["impossible"].mean())
    table.attrs["unknown"] = float(unknown.mean())
    return table


def svd_estimates(model):
    r"""Return all estimates of a fitted `SVD` of `surprise` at once, by products of matrices.

    Parameters
    ----------
    model : surprise.SVD
        Fitted on a train set, with its biases.

    Returns
    -------
    DataFrame
        Users by items of the train set, sorted by their ids: :math:`\mu + b_u + b_i + p_u \cdot
        q_i`. Not cut off at the ends of the scale, as ``model.predict`` does: cut off, many items
        would tie for the first place.

    Examples
    --------
    >>> from surprise import SVD
    >>> given = pd.DataFrame({"customer_id": ["a", "a", "b"], "course_id": ["x", "y", "x"],
    ...                       "rating": [5, 2, 4]})
    >>> model = SVD(random_state=1).fit(surprise_trainset(given))
    >>> bool(abs(svd_estimates(model).loc["b", "y"] - model.predict("b", "y").est) < 1e-9)
    True
    """
    train = _trainset(model)
    if not all(hasattr(model, name) for name in ("pu", "qi", "bu", "bi")):
        raise TypeError(
            f"model is {_inputs.name_of_type(model)}, which has no factors: give a fitted SVD of "
            "surprise, or use surprise_estimates, which takes every model"
        )
    values = train.global_mean + model.bu[:, None] + model.bi + model.pu @ model.qi.T
    users = [train.to_raw_uid(number) for number in range(train.n_users)]
    items = [train.to_raw_iid(number) for number in range(train.n_items)]
    table = pd.DataFrame(values, index=users, columns=items)
    return table.sort_index().sort_index(axis=1)


def _trainset(model):
    """Return the train set of a model, or say that it has none."""
    if not hasattr(model, "predict"):
        raise TypeError(f"model is {_inputs.name_of_type(model)}: give a model of surprise")
    train = getattr(model, "trainset", None)
    if not hasattr(train, "to_inner_uid"):
        raise ValueError("model is not fitted: call model.fit(surprise_trainset(ratings)) first")
    return train


def _known(labels, inner):
    """Return which labels a train set knows."""
    known = {}
    for each in pd.unique(labels):
        try:
            known[each] = inner(each) is not None
        except ValueError:
            known[each] = False
    return labels.map(known).to_numpy(bool)

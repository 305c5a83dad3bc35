"""Three ways to predict what an action does to a person, on any classifier of scikit-learn.

Nobody is seen both treated and held out, so there is no answer to learn from, as there is in
scoring. Each model gets round that in its own way. Input is checked as `funnelkit._inputs` says.
"""

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.uplift.trial import checked_trial, propensities

__all__ = ["ClassTransformation", "InteractionModel", "TwoModels"]


def __dir__():
    return __all__


class _UpliftModel:
    """What the three have in common: the check of the features, and a fresh classifier."""

    def __init__(self, estimator=None):
        if estimator is not None:
            for method in ("fit", "predict_proba"):
                if not callable(getattr(estimator, method, None)):
                    raise TypeError(
                        f"estimator is {_inputs.name_of_type(estimator)} without {method}: give a "
                        "classifier of scikit-learn, such as LogisticRegression()"
                    )
        self.estimator = estimator

    def _fresh(self):
        from sklearn.base import clone
        from sklearn.linear_model import LogisticRegression

        if self.estimator is not None:
            return clone(self.estimator)
        return LogisticRegression(max_iter=2000, tol=1e-8)

    def _learn(self, features, treated, outcome):
        """Return features, treated and outcome as arrays, and remember the columns."""
        _inputs.aligned(features=features, treated=treated, outcome=outcome)
        array = _numbers(features)
        t, y = checked_trial(treated, outcome)
        _inputs.need_same_length("people", features=array, treated=t)
        for group, name in ((y[t], "treated"), (y[~t], "hold-out group")):
            if group.all() or not group.any():
                raise ValueError(
                    f"of the {name} {'all' if group.all() else 'none'} of {len(group):,} enrolled: "
                    "there is nothing to learn from; take more people or a longer window"
                )
        self.columns_ = list(features.columns)
        return array, t, y

    def _known(self, features):
        """Return the features of people to predict for, in the order that was learned."""
        if not hasattr(self, "columns_"):
            raise ValueError("the model has not learned yet: call fit(features, treated, outcome)")
        _inputs.need_columns(features, self.columns_, "features")
        return _numbers(features[self.columns_])

    def predict_rates(self, features):
        """Predict a person's chance to enrol without the action and with it.

        Parameters
        ----------
        features : DataFrame
            The columns that the model learned from.

        Returns
        -------
        DataFrame
            `without`, `with` and their difference `uplift`, one row per person.
        """
        array = self._known(features)
        table = pd.DataFrame(
            {"without": self._rate(array, 0.0), "with": self._rate(array, 1.0)},
            index=features.index,
        )
        return table.assign(uplift=table["with"] - table["without"])

    def predict(self, features):
        """Predict what the action adds to a person's chance to enrol.

        Parameters
        ----------
        features : DataFrame
            The columns that the model learned from.

        Returns
        -------
        Series
            One uplift per person, between -1 and 1.
        """
        return self.predict_rates(features)["uplift"]


def _numbers(features):
    """Return a table of numbers and flags as an array of floats."""
    _inputs.need_table(features, "features")
    _inputs.need_rows(features, "features", "there is nobody to learn from")
    _inputs.need_columns(features, list(features.columns), "features")
    if not len(features.columns):
        raise ValueError("features has no columns: give what is known before the action")
    columns = []
    for name in features.columns:
        column = features[name]
        _inputs.need_hashable(column, str(name))
        if pd.api.types.infer_dtype(column.dropna().astype(object), skipna=True) == "boolean":
            columns.append(_inputs.booleans(column, str(name)).to_numpy(float))
        else:
            columns.append(_inputs.finite(str(name), column))
    return np.column_stack(columns)


class TwoModels(_UpliftModel):
    r"""One model of the treated, one of the hold-out group; the uplift is their difference.

    Parameters
    ----------
    estimator : classifier, optional
        With `fit` and `predict_proba`; logistic regression if not given.

    Attributes
    ----------
    treated_, holdout_ : classifier
        The two models.

    Notes
    -----
    :math:`\hat\tau(x) = \hat P(y = 1 \mid x, t = 1) - \hat P(y = 1 \mid x, t = 0)`. Each model
    is as good as its own group is large; their errors add up in the difference.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = pd.DataFrame({"webinar": rng.random(8000) < 0.5})
    >>> treated = rng.random(8000) < 0.8
    >>> enrolled = rng.random(8000) < 0.1 + 0.2 * people["webinar"] * treated
    >>> model = TwoModels().fit(people, treated, enrolled)
    >>> model.predict(pd.DataFrame({"webinar": [True]})).round(1).tolist()
    [0.2]
    """

    def fit(self, features, treated, outcome):
        """Learn from a trial.

        Parameters
        ----------
        features : DataFrame
            Numbers and flags known before the action, one row per person.
        treated, outcome : Series or array
            Who was drawn to be treated, and who enrolled.

        Returns
        -------
        self
        """
        array, t, y = self._learn(features, treated, outcome)
        self.treated_ = self._fresh().fit(array[t], y[t])
        self.holdout_ = self._fresh().fit(array[~t], y[~t])
        return self

    def _rate(self, array, treated):
        return (self.treated_ if treated else self.holdout_).predict_proba(array)[:, 1]


class InteractionModel(_UpliftModel):
    r"""One model with the treatment among its features, and its product with each of them.

    Parameters
    ----------
    estimator : classifier, optional
        With `fit` and `predict_proba`; logistic regression if not given.

    Attributes
    ----------
    model_ : classifier
        Learned on the features, the treatment, and the products.

    Notes
    -----
    Features :math:`x`, :math:`t` and :math:`t x`. Without the products a logistic regression would
    move all people by the same log-odds, and rank them by their chance to enrol. Without a penalty
    it is the same as `TwoModels`; with one, the two groups lend each other what they learned.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = pd.DataFrame({"webinar": rng.random(8000) < 0.5})
    >>> treated = rng.random(8000) < 0.8
    >>> enrolled = rng.random(8000) < 0.1 + 0.2 * people["webinar"] * treated
    >>> model = InteractionModel().fit(people, treated, enrolled)
    >>> model.predict_rates(pd.DataFrame({"webinar": [True]})).round(1)
       without  with  uplift
    0      0.1   0.3     0.2
    """

    def fit(self, features, treated, outcome):
        """Learn from a trial.

        Parameters
        ----------
        features : DataFrame
            Numbers and flags known before the action, one row per person.
        treated, outcome : Series or array
            Who was drawn to be treated, and who enrolled.

        Returns
        -------
        self
        """
        array, t, y = self._learn(features, treated, outcome)
        self.model_ = self._fresh().fit(_with_products(array, t.astype(float)), y)
        return self

    def _rate(self, array, treated):
        return self.model_.predict_proba(_with_products(array, treated))[:, 1]


def _with_products(array, treated):
    """Return features, treatment, and each feature times the treatment."""
    t = np.broadcast_to(treated, len(array))[:, None]
    return np.hstack([array, t, array * t])


class ClassTransformation(_UpliftModel):
    r"""One model of one new outcome: enrolled and treated, or neither.

    Parameters
    ----------
    estimator : classifier, optional
        With `fit` and `predict_proba`; logistic regression if not given. To be weighted, its
        `fit` must take `sample_weight`.
    weighted : bool, default True
        Whether each person stands for 1 / (probability of the own group) people. Without it the
        result is right only if the groups are drawn 50:50.
    propensity : float or Series, optional
        The probability of being treated; the share of the treated if not given.

    Attributes
    ----------
    model_ : classifier
        Of the new outcome z.

    Notes
    -----
    With :math:`z = 1` where :math:`t = y`, and groups of equal weight, :math:`P(z = 1 \mid x) =
    \frac{1}{2}(P(y = 1 \mid x, t = 1) + 1 - P(y = 1 \mid x, t = 0))`, so that
    :math:`\hat\tau(x) = 2 \hat P(z = 1 \mid x) - 1`. It gives no chance to enrol.

    Examples
    --------
    Three in four treated, of whom .3 enrol, against .2 of the others: unweighted, the sign is
    wrong.

    >>> people = pd.DataFrame({"one": np.zeros(4000)})
    >>> treated = np.arange(4000) < 3000
    >>> enrolled = np.r_[np.arange(3000) < 900, np.arange(1000) < 200]
    >>> for weighted in (False, True):
    ...     model = ClassTransformation(weighted=weighted).fit(people, treated, enrolled)
    ...     print(round(model.predict(people).iloc[0], 3))
    -0.15
    0.1
    """

    def __init__(self, estimator=None, *, weighted=True, propensity=None):
        super().__init__(estimator)
        _inputs.need_flags(weighted=weighted)
        self.weighted, self.propensity = weighted, propensity

    def fit(self, features, treated, outcome):
        """Learn from a trial.

        Parameters
        ----------
        features : DataFrame
            Numbers and flags known before the action, one row per person.
        treated, outcome : Series or array
            Who was drawn to be treated, and who enrolled.

        Returns
        -------
        self
        """
        from sklearn.utils.validation import has_fit_parameter

        array, t, y = self._learn(features, treated, outcome)
        if not self.weighted:
            self.model_ = self._fresh().fit(array, t == y)
            return self
        model = self._fresh()
        if not has_fit_parameter(model, "sample_weight"):
            raise TypeError(
                f"{type(model).__name__}.fit takes no sample_weight: give a classifier that does, "
                "such as LogisticRegression(), or weighted=False if the groups are 50:50"
            )
        self.model_ = model.fit(array, t == y, sample_weight=1 / self._own(t, features.index))
        return self

    def _own(self, t, index):
        """Return each person's probability of being in the own group."""
        if self.propensity is None:
            p = np.full(len(t), t.mean())
        else:
            _inputs.aligned(
                features=pd.Series(index=index, dtype=float), propensity=self.propensity
            )
            p = propensities("propensity", self.propensity, len(t))
        return np.where(t, p, 1 - p)

    def predict_rates(self, features):
        """Refuse: this model knows the difference of two rates, and neither of them."""
        raise TypeError(
            "ClassTransformation predicts no rates, only their difference: call predict, or take "
            "TwoModels or InteractionModel"
        )

    def predict(self, features):
        """Predict what the action adds to a person's chance to enrol.

        Parameters
        ----------
        features : DataFrame
            The columns that the model learned from.

        Returns
        -------
        Series
            One uplift per person, between -1 and 1.
        """
        z = self.model_.predict_proba(self._known(features))[:, 1]
        return pd.Series(2 * z - 1, index=features.index, name="uplift")

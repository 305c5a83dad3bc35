"""Segments: RFM scores, clusters and how far to trust them, and what each segment is worth.

Customers are scored by what they bought (`rfm_scores`), people are grouped by what is known of
them (`fit`, a scaler and k-means of scikit-learn), and then come the questions that a cluster
algorithm does not ask: how many groups (`choose_k`), whether other people would have given the
same ones (`stability`), what each of them is (`profile`, `rules`), and what it brings to treat
them differently (`plan_value`).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

# ---------------------------------------------------------------- customers by what they bought


def rfm_scores(
    orders,
    *,
    as_of,
    bins=5,
    customer="customer_id",
    date="date",
    amount="amount",
):
    r"""Score customers by recency, frequency and monetary value, as they stood on a day.

    Each customer is placed among all others, three times: by how lately they bought, how often,
    and how much they paid in all. The highest score is the best in all three, so a customer who
    bought yesterday has a *high* recency score and a *low* number of days.

    Parameters
    ----------
    orders : DataFrame
        One row an order. Rows of one customer on one day are one purchase.
    as_of : str or Timestamp
        The day on which the customers are scored. Later orders are not looked at, and customers
        who had not bought by then are left out.
    bins : int, default 5
        How many scores there are, 2 to 9: quintiles with 5.
    customer, date, amount : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row a customer, in the order of their ids: `days_since_last`, `purchases` (days with
        an order) and `spent` (in the unit of `amount`); `r`, `f` and `m`, whole scores from 1 to
        `bins`; `rfm`, the three digits as text. ``attrs["as_of"]`` repeats the day.

    Raises
    ------
    TypeError
        If `orders` is no DataFrame, the dates are no dates, or the amounts no numbers.
    ValueError
        If a column, a customer, a date or an amount is missing, an amount is negative, nobody
        had bought by `as_of`, or `bins` is not a whole number from 2 to 9.

    Notes
    -----
    With :math:`n` customers, of whom :math:`b` are worse and :math:`e` equal (the customer
    included), the score is that of the middle of the equals:

    .. math:: 1 + \left\lfloor \frac{k (b + e/2)}{n} \right\rfloor

    with :math:`k` bins. Equal customers always share a score; without ties, and with a number of
    customers that the bins divide, these are the quantiles. Only the order counts, so scores are
    the same in any currency and on a logarithmic scale. Where many are equal a score can be empty:
    if half of all customers bought once, they are all in the same place.

    Examples
    --------
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["ann", "ann", "ben", "cat"],
    ...     "date": pd.to_datetime(["2026-01-05", "2026-06-20", "2026-03-01", "2026-06-20"]),
    ...     "amount": [80.0, 120.0, 300.0, 40.0],
    ... })
    >>> rfm_scores(orders, as_of="2026-06-30", bins=3)
                 days_since_last  purchases  spent  r  f  m  rfm
    customer_id
    ann                       10          2  200.0  3  3  2  332
    ben                      121          1  300.0  1  2  3  123
    cat                       10          1   40.0  3  2  1  321
    """
    _inputs.need_columns(orders, [customer, date, amount], "orders")
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or not 2 <= bins <= 9:
        raise ValueError(f"bins is {bins!r}: give a whole number from 2 to 9, so 5 for quintiles")
    if not pd.api.types.is_datetime64_any_dtype(orders[date]):
        raise TypeError(
            f"column {date!r} holds {orders[date].dtype}, not dates: convert with pd.to_datetime"
        )
    _numeric(orders, [amount])
    for column in (customer, date, amount):
        remedy = "fill or leave out these rows"
        _inputs.refuse(orders[column].isna(), f"column {column!r} is missing", remedy)
    remedy = "take refunds from the orders they belong to"
    _inputs.refuse(orders[amount] < 0, f"column {amount!r} is negative", remedy, orders[amount])
    as_of = pd.Timestamp(as_of).normalize()
    days = orders[date].dt.normalize()
    known = orders.assign(**{date: days})[days <= as_of]
    if known.empty:
        raise ValueError(f"nobody had bought by {as_of:%Y-%m-%d}: give a later as_of")
    by_customer = known.groupby(customer)
    table = pd.DataFrame(
        {
            "days_since_last": (as_of - by_customer[date].max()).dt.days.astype("int64"),
            "purchases": by_customer[date].nunique().astype("int64"),
            "spent": by_customer[amount].sum().astype(float).round(6),
        }
    )
    table["r"] = _score(-table["days_since_last"], bins)
    table["f"] = _score(table["purchases"], bins)
    table["m"] = _score(table["spent"], bins)
    table["rfm"] = table[["r", "f", "m"]].astype(str).agg("".join, axis=1)
    table.attrs["as_of"] = str(as_of.date())
    return table


def _score(values, bins):
    """Return whole scores from 1 to bins, the same for equal values."""
    worse = values.rank(method="min").astype("int64") - 1
    equal = values.groupby(values).transform("size").astype("int64")
    return 1 + (2 * worse + equal) * bins // (2 * len(values))


# ---------------------------------------------------------------- clusters


def fit(features, k, *, scale=True, n_init=10, seed=0):
    """Group cases by k-means, on scaled features: a scaler and `sklearn.cluster.KMeans`.

    Parameters
    ----------
    features : DataFrame
        One row a case, numbers only, none missing. Take the logarithm of what is spread over
        orders of magnitude, such as an income, first.
    k : int
        How many clusters.
    scale : bool, default True
        Bring each feature to mean 0 and standard deviation 1 first. Without it the feature with
        the largest numbers decides alone.
    n_init : int, default 10
        How many starts; the best is kept, since k-means can get stuck.
    seed : int, default 0
        Makes the starts the same each time.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted: ``model.predict(features)`` gives the cluster of each case, also of new ones,
        scaled with what was learnt here. Clusters are numbered from 0 in the order of their
        centres, by the first feature. ``model["kmeans"].inertia_`` is the sum of squares.

    Raises
    ------
    TypeError
        If `features` is no DataFrame or holds what are no numbers.
    ValueError
        If values are missing or infinite, or there are fewer different cases than clusters.

    Examples
    --------
    >>> features = pd.DataFrame({"x": [1.0, 2.0, 9.0, 10.0]})
    >>> fit(features, 2).predict(features).tolist()
    [0, 0, 1, 1]
    """
    from sklearn.cluster import KMeans
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    _check_features(features, k)
    kmeans = KMeans(k, n_init=n_init, random_state=seed)
    scaler = StandardScaler(with_mean=scale, with_std=scale).set_output(transform="pandas")
    model = Pipeline([("scaler", scaler), ("kmeans", kmeans)])
    with _one_thread():
        model.fit(features.astype(float))
    # scikit-learn numbers clusters as they come, which another seed or processor may change.
    order = np.lexsort(kmeans.cluster_centers_.T[::-1].round(9))
    kmeans.cluster_centers_ = kmeans.cluster_centers_[order]
    kmeans.labels_ = np.argsort(order, kind="stable").astype(np.int32)[kmeans.labels_]
    return model


def _one_thread():
    """Keep scikit-learn to one thread: quicker for some thousands of cases, and steadier."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def silhouette(features, labels):
    r"""Say how much nearer each case is to its own cluster than to the next one.

    Parameters
    ----------
    features : DataFrame
        One row a case, as they were clustered: scaled, if they were.
    labels : array or Series
        The cluster of each case.

    Returns
    -------
    DataFrame
        One row a case: `own`, its mean distance to the others of its cluster; `nearest`, the mean
        distance to the cases of the nearest other cluster; `silhouette`, from −1 to 1. A case
        alone in its cluster has no `own` and gets 0.

    Raises
    ------
    TypeError
        If `features` is no DataFrame or holds what are no numbers.
    ValueError
        If values are missing, the numbers of cases differ, or there is one cluster only.

    Notes
    -----
    .. math:: s_i = \frac{b_i - a_i}{\max(a_i, b_i)}

    Distances are Euclidean. The mean over all cases is what is usually quoted; it is
    ``silhouette(...)["silhouette"].mean()``. Time and memory grow with the square of the cases
    (memory in pieces): some thousands are well.

    References
    ----------
    P. J. Rousseeuw (1987), "Silhouettes: a graphical aid to the interpretation and validation
    of cluster analysis", *Journal of Computational and Applied Mathematics* 20.

    Examples
    --------
    >>> features = pd.DataFrame({"x": [0.0, 2.0, 10.0, 12.0]})
    >>> silhouette(features, [0, 0, 1, 1]).round(3)
       own  nearest  silhouette
    0  2.0     11.0       0.818
    1  2.0      9.0       0.778
    2  2.0      9.0       0.778
    3  2.0     11.0       0.818
    """
    from scipy.spatial.distance import cdist

    _check_features(features, 1)
    codes, names = _codes(labels, len(features), "labels")
    if len(names) < 2:
        raise ValueError("all cases have one label: a silhouette compares two clusters or more")
    points = features.to_numpy(float)
    member = np.eye(len(names))[codes]
    size = member.sum(axis=0)
    pieces = [slice(start, start + 1000) for start in range(0, len(points), 1000)]
    sums = np.vstack([cdist(points[piece], points) @ member for piece in pieces])
    rows = np.arange(len(points))
    others = size[codes] - 1
    own = np.where(others > 0, sums[rows, codes] / np.maximum(others, 1), np.nan)
    means = sums / size
    means[rows, codes] = np.inf
    nearest = means.min(axis=1)
    larger = np.fmax(own, nearest)
    value = np.divide(nearest - own, larger, out=np.zeros(len(own)), where=larger > 0)
    table = pd.DataFrame({"own": own, "nearest": nearest, "silhouette": value}, features.index)
    return table.assign(silhouette=table["silhouette"].fillna(0.0))


def agreement(one, other):
    r"""Say how far two groupings of the same cases agree: the adjusted Rand index.

    Parameters
    ----------
    one, other : array or Series
        The group of each case, in the same order. The names of the groups do not matter, and
        there may be more of them in one grouping than in the other.

    Returns
    -------
    float
        1 if the groupings are the same, about 0 if they agree no more than chance would have
        it; below 0 is possible.

    Raises
    ------
    ValueError
        If a label is missing, the numbers of cases differ, there are fewer than two, or two
        Series have different indexes.

    Notes
    -----
    Over pairs of cases, with :math:`n_{ij}` cases in group :math:`i` of the one and :math:`j`
    of the other, :math:`S = \sum_{ij} \binom{n_{ij}}{2}` pairs are together in both,
    :math:`A = \sum_i \binom{n_{i\cdot}}{2}` in the one and
    :math:`B = \sum_j \binom{n_{\cdot j}}{2}` in the other; by chance :math:`E = AB/\binom{n}{2}`
    would be together in both:

    .. math:: \mathrm{ARI} = \frac{S - E}{(A + B)/2 - E}

    References
    ----------
    L. Hubert and P. Arabie (1985), "Comparing partitions", *Journal of Classification* 2.

    Examples
    --------
    >>> agreement(["a", "a", "b", "b"], [1, 1, 0, 0])
    1.0
    >>> round(agreement([0, 0, 1, 1], [0, 0, 1, 2]), 3)
    0.571
    """
    both_indexed = isinstance(one, pd.Series) and isinstance(other, pd.Series)
    if both_indexed and not one.index.equals(other.index):
        raise ValueError(
            "one and other are Series with different indexes: take both from one table, or "
            "align them first"
        )
    rows, _ = _codes(one, None, "one")
    columns, _ = _codes(other, len(rows), "other")
    if len(rows) < 2:
        raise ValueError(f"there are {len(rows)} cases: an agreement is about pairs, so give two")
    table = np.zeros((rows.max() + 1, columns.max() + 1), dtype="int64")
    np.add.at(table, (rows, columns), 1)

    def pairs(counts):
        return int((counts * (counts - 1) // 2).sum())

    both, of_one, of_other = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    everything = len(rows) * (len(rows) - 1) // 2
    # All multiplied by 2 * everything, in whole numbers: no digit is lost.
    above = 2 * (both * everything - of_one * of_other)
    below = (of_one + of_other) * everything - 2 * of_one * of_other
    return above / below if below else 1.0


def stability(features, k, *, n_resamples=20, scale=True, n_init=5, seed=0):
    """Say whether other cases would have given the same clusters, by splitting at random.

    Each time the cases are dealt into two halves. Each half is scaled and clustered by itself,
    and both results then say where *every* case belongs. How far they agree, as `agreement`
    measures it, says how much of the clusters is in the people and how much in the sample.

    Parameters
    ----------
    features : DataFrame
        One row a case, numbers only, none missing.
    k : int
        How many clusters.
    n_resamples : int, default 20
        How many times the cases are dealt.
    scale, n_init
        As in `fit`.
    seed : int or numpy.random.Generator, default 0
        The same seed deals the same halves.

    Returns
    -------
    numpy.ndarray of float
        The adjusted Rand index of each deal. Near 1 the clusters are stable; whether they are
        *useful* is another question.

    Raises
    ------
    TypeError
        If `features` is no DataFrame or holds what are no numbers.
    ValueError
        If values are missing or infinite, there are fewer than ``2 * k`` different cases, or
        `n_resamples` is below 1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> two_clouds = pd.DataFrame({"x": np.r_[rng.normal(0, 1, 100), rng.normal(9, 1, 100)]})
    >>> stability(two_clouds, 2, n_resamples=3)
    array([1., 1., 1.])
    """
    _check_features(features, k, at_least=2)
    if not isinstance(n_resamples, (int, np.integer)) or n_resamples < 1:
        raise ValueError(f"n_resamples is {n_resamples!r}: give a whole number of at least 1")
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(seed)
    points = features.to_numpy(float)
    half, found = len(points) // 2, []
    with _one_thread():
        for _ in range(n_resamples):
            order = np.argsort(rng.random(len(points)), kind="stable")
            both = []
            for part in (order[:half], order[half:]):
                middle, spread = points[part].mean(axis=0), points[part].std(axis=0)
                spread[spread == 0] = 1
                scaled = (points - middle) / spread if scale else points
                kmeans = KMeans(k, n_init=n_init, random_state=0).fit(scaled[part])
                both.append(kmeans.predict(scaled))
            found.append(agreement(*both))
    return np.array(found)


def choose_k(features, ks=range(1, 9), *, n_resamples=10, scale=True, seed=0):
    """Cluster with each number of clusters, and set three criteria side by side.

    Parameters
    ----------
    features : DataFrame
        One row a case, numbers only, none missing.
    ks : iterable of int, default 1 to 8
        The numbers of clusters to try.
    n_resamples : int, default 10
        How many times the cases are dealt in halves, for the stability.
    scale : bool, default True
        As in `fit`; the silhouette is of the scaled features then.
    seed : int, default 0
        Of the starts and of the halves.

    Returns
    -------
    DataFrame
        One row a number of clusters, `k` in the index: `inertia`, the sum of squared distances
        to the centres, which always falls; `fall`, the share by which it fell from one cluster
        fewer; `silhouette`, the mean over the cases; `stability`, the mean adjusted Rand index
        between halves. Missing where they are not defined: for one cluster, and `fall` where
        the number before was not tried.

    Raises
    ------
    TypeError
        If `features` is no DataFrame or holds what are no numbers.
    ValueError
        If values are missing or infinite, `ks` is empty, or there are too few cases.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> middles = np.repeat([0.0, 9.0, 18.0], 50)
    >>> three_clouds = pd.DataFrame({"x": middles + rng.normal(size=150)})
    >>> table = choose_k(three_clouds, range(2, 5), n_resamples=3)
    >>> int(table["silhouette"].idxmax()), float(table.loc[3, "stability"])
    (3, 1.0)
    """
    ks = [int(k) for k in ks]
    if not ks:
        raise ValueError("ks is empty: name the numbers of clusters to try")
    _check_features(features, max(ks))
    rows = {}
    for k in sorted(set(ks)):
        model = fit(features, k, scale=scale, seed=seed)
        row = {"inertia": float(model["kmeans"].inertia_)}
        if k > 1:
            scaled = model["scaler"].transform(features.astype(float))
            row["silhouette"] = silhouette(scaled, model["kmeans"].labels_)["silhouette"].mean()
            row["stability"] = stability(
                features, k, n_resamples=n_resamples, scale=scale, seed=seed
            ).mean()
        before = rows.get(k - 1)
        row["fall"] = 1 - row["inertia"] / before["inertia"] if before else np.nan
        rows[k] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("k")
    return table.reindex(columns=["inertia", "fall", "silhouette", "stability"]).astype(float)


# ---------------------------------------------------------------- what the segments are


def profile(table, labels, columns=None):
    """Describe each segment: how many, which share of all, and its middle in each column.

    Parameters
    ----------
    table : DataFrame
        One row a case.
    labels : array or Series
        The segment of each case, in the order of the table.
    columns : list of str, optional
        Which columns to describe, by the median; of a boolean column, the share that is true.
        All columns of numbers and booleans when not given. Missing values are left out.

    Returns
    -------
    DataFrame
        One row a segment, in the order of their names: `size`, `share` and the columns.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or a column holds what are no numbers.
    ValueError
        If a column is not in the table, the numbers of cases differ, or a label is missing.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [21, 25, 50, 61], "bought": [True, False, True, True]})
    >>> profile(people, ["young", "young", "old", "old"])
             size  share   age  bought
    segment
    old         2    0.5  55.5     1.0
    young       2    0.5  23.0     0.5
    """
    _inputs.need_columns(table, columns or [], "table")
    if columns is None:
        columns = list(table.select_dtypes(["number", "bool"]).columns)
    codes, names = _codes(labels, len(table), "labels")
    _numeric(table, columns, booleans=True)
    group = pd.Categorical.from_codes(codes, names)
    counts = pd.Series(np.bincount(codes, minlength=len(names)), index=names)
    described = {"size": counts, "share": counts / counts.sum()}
    for column in columns:
        values = table[column].set_axis(group).groupby(level=0, observed=False)
        is_boolean = pd.api.types.is_bool_dtype(table[column])
        described[column] = values.mean() if is_boolean else values.median()
    return pd.DataFrame(described, index=names).rename_axis("segment")


def rules(tree, features, labels, *, write=None):
    """Write a small decision tree as one sentence a leaf, and say how far each holds.

    Parameters
    ----------
    tree : sklearn.tree.DecisionTreeClassifier
        Fitted on a table with the columns of `features`, in their natural units.
    features : DataFrame
        The cases to hold the rules against; best not those that the tree was grown on.
    labels : array or Series
        The segment that each case has in fact.
    write : mapping of str to callable, optional
        How thresholds are written, by feature, such as ``{"income": "EUR {:,.0f}".format}``;
        with four digits when not given.

    Returns
    -------
    DataFrame
        One row a leaf, from left to right: `rule` in words, the `segment` it names, `size` (how
        many cases it applies to), `right` (the share of these that have that segment in fact;
        missing where it applies to nobody). ``attrs["agreement"]`` is the share of all cases
        that are named rightly.

    Raises
    ------
    TypeError
        If `tree` is no fitted decision tree.
    ValueError
        If the columns are not those that the tree was grown on, or the numbers of cases differ.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> people = pd.DataFrame({"age": [21, 25, 50, 61]})
    >>> segment = ["young", "young", "old", "old"]
    >>> tree = DecisionTreeClassifier(max_depth=1).fit(people, segment)
    >>> rules(tree, people, segment)
              rule segment  size  right
    0  age ≤ 37.5   young     2    1.0
    1  age > 37.5     old     2    1.0
    """
    grown = getattr(tree, "tree_", None)
    names = list(getattr(tree, "feature_names_in_", []))
    if grown is None or not names or not hasattr(tree, "classes_"):
        raise TypeError(
            f"tree is a {type(tree).__name__}: give a DecisionTreeClassifier that was fitted on "
            "a DataFrame"
        )
    _inputs.need_columns(features, names, "features")
    if list(features.columns) != names:
        raise ValueError(f"the tree was grown on {', '.join(names)}: give these columns, in order")
    _numeric(features, names)
    labels = np.asarray(labels)
    _same_length(labels, len(features), "labels")
    write = write or {}
    leaf_of, told = tree.apply(features), tree.predict(features)
    rows = []
    for leaf, limits in _leaves(grown):
        parts = [
            _limits(names[place], low, high, write.get(names[place], "{:.4g}".format))
            for place, (low, high) in limits.items()
        ]
        here = leaf_of == leaf
        segment = tree.classes_[np.argmax(grown.value[leaf][0])]
        right = float(np.mean(labels[here] == segment)) if here.any() else np.nan
        rows.append([" and ".join(parts) or "everybody", segment, int(here.sum()), right])
    table = pd.DataFrame(rows, columns=["rule", "segment", "size", "right"])
    table.attrs["agreement"] = float(np.mean(told == labels))
    return table


def _leaves(grown, node=0, limits=None):
    """Yield each leaf, from left to right, with the limits of each feature that lead to it."""
    limits = limits or {}
    if grown.children_left[node] == -1:
        yield node, limits
        return
    feature, at = int(grown.feature[node]), float(grown.threshold[node])
    low, high = limits.get(feature, (None, None))
    yield from _leaves(grown, grown.children_left[node], {**limits, feature: (low, at)})
    yield from _leaves(grown, grown.children_right[node], {**limits, feature: (at, high)})


def _limits(name, low, high, write):
    """Write between which limits a feature lies."""
    if low is None:
        return f"{name} ≤ {write(high)}"
    return f"{name} > {write(low)}" if high is None else f"{write(low)} < {name} ≤ {write(high)}"


# ---------------------------------------------------------------- what they are worth


def plan_value(table, plan, *, segment="segment", action="offer", outcome="converted"):
    r"""Mean outcome if each segment got its planned action, from actions drawn by lot.

    In each segment the cases that by lot got what the plan would give them stand for the whole
    segment; the segments are weighted by their sizes.

    Parameters
    ----------
    table : DataFrame
        One row a case, each with an action that was drawn by lot. Best of a later time than the
        one from which the plan was made: a plan looks too good on the data that chose it.
    plan : str or mapping
        The action for everybody, or one for each segment.
    segment, action, outcome : str
        Names of the columns; the outcome is a boolean or a number.

    Returns
    -------
    float
        For a boolean outcome the expected conversion rate, else the expected mean.

    Raises
    ------
    TypeError
        If `table` is no DataFrame, or the outcome holds what are no numbers.
    ValueError
        If a column is not there or has missing values, the plan leaves out a segment or names an
        unknown action, or in a segment nobody got its planned action.

    Notes
    -----
    .. math:: V = \sum_s \frac{n_s}{n} \bar y_{s, a(s)}

    It says what the action does only because the lot gave it, not the adviser or the lead.

    Examples
    --------
    >>> leads = pd.DataFrame({
    ...     "segment": ["young"] * 4 + ["old"] * 4,
    ...     "offer": ["none", "none", "gift", "gift"] * 2,
    ...     "converted": [False, False, True, True, True, False, False, False],
    ... })
    >>> plan_value(leads, "none"), plan_value(leads, {"young": "gift", "old": "none"})
    (0.25, 0.75)
    """
    _inputs.need_columns(table, [segment, action, outcome], "table")
    for column in (segment, action, outcome):
        remedy = "fill or leave out these rows"
        _inputs.refuse(table[column].isna(), f"column {column!r} is missing", remedy)
    if pd.api.types.is_numeric_dtype(table[outcome]) and table[outcome].dtype != bool:
        values = table[outcome].to_numpy(float)
    else:
        values = _inputs.booleans(table[outcome], outcome).to_numpy(float)
    codes, names = _codes(table[segment], len(table), segment)
    got, actions = _codes(table[action], len(table), action)
    if isinstance(plan, str):
        plan = dict.fromkeys(names, plan)
    elif not isinstance(plan, (Mapping, pd.Series)):
        raise TypeError(f"plan is a {type(plan).__name__}: give an action, or one for each segment")
    plan, names, actions = dict(plan), names.tolist(), actions.tolist()
    cell = codes * len(actions) + got
    cells = len(names) * len(actions)
    size = np.bincount(cell, minlength=cells).reshape(len(names), len(actions))
    total = np.bincount(cell, values, minlength=cells).reshape(size.shape)
    value = 0.0
    for place, name in enumerate(names):
        if name not in plan:
            raise ValueError(f"the plan says nothing of segment {name!r}: give it an action")
        _inputs.need_known(plan[name], actions, f"action in column {action!r}")
        chosen = actions.index(plan[name])
        if size[place, chosen] == 0:
            raise ValueError(
                f"nobody in segment {name!r} got {plan[name]!r}: without such cases its outcome "
                "is not known; join segments, or plan another action"
            )
        mean = total[place, chosen] / size[place, chosen]
        value += size[place].sum() / len(table) * mean
    return float(value)


# ---------------------------------------------------------------- checks of what comes in


def _check_features(features, k, *, at_least=1):
    """Refuse features that cannot be clustered, `at_least` cases a cluster, and say why."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise ValueError(f"k is {k!r}: give a whole number of at least 1")
    if not isinstance(features, pd.DataFrame):
        raise TypeError(f"features is a {type(features).__name__}: give a DataFrame")
    if not len(features.columns):
        raise ValueError("features has no columns: there is nothing to tell cases apart by")
    _numeric(features, features.columns)
    for column in features.columns:
        values = features[column].to_numpy(float, na_value=np.nan)
        remedy = "fill them or leave out these rows, and say which of the two"
        _inputs.refuse(np.isnan(values), f"column {column!r} is missing", remedy)
        remedy = "the logarithm of 0? Look at these rows"
        _inputs.refuse(np.isinf(values), f"column {column!r} is infinite", remedy)
    different = len(features.drop_duplicates())
    if different < at_least * k:
        raise ValueError(
            f"there are {different} different cases, too few for {k} clusters: give fewer clusters "
            "or more cases"
        )


def _numeric(table, columns, *, booleans=False):
    """Refuse columns that hold no numbers."""
    for column in columns:
        kind = table[column].dtype
        is_boolean = pd.api.types.is_bool_dtype(kind)
        if not pd.api.types.is_numeric_dtype(kind) or (is_boolean and not booleans):
            raise TypeError(f"column {column!r} holds {kind}, not numbers: convert or leave it out")


def _codes(labels, n, what):
    """Return the labels as numbers from 0, in the order of their names, and the names."""
    labels = labels if isinstance(labels, pd.Series) else pd.Series(np.asarray(labels))
    if n is not None:
        _same_length(labels, n, what)
    remedy = "give each case a group, or leave it out of both"
    _inputs.refuse(labels.isna(), f"{what} is missing", remedy, index=labels.index, unit="cases")
    codes, names = pd.factorize(labels, sort=True)
    return codes, pd.Index(names)  # of categories, too, only those that occur


def _same_length(labels, n, what):
    if len(labels) != n:
        raise ValueError(f"there are {len(labels):,} of {what} and {n:,} cases: give one a case")


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="silhouette",
        formula=r"\frac{b_i - a_i}{\max(a_i, b_i)}",
        numerator="distance to the nearest other cluster, less own",
        denominator="the larger of the two distances",
        unit="from −1 to 1; quoted as the mean over cases",
        window="none; in the scaling of the clusters",
        function="funnelkit.segments.silhouette",
        example=Example(
            {"features": pd.DataFrame({"x": [0, 2, 10, 12]}), "labels": [0, 0, 1, 1]},
            9,
            11,
            (0, "silhouette"),
        ),
    ),
    Metric(
        name="adjusted_rand_index",
        formula=r"\frac{S - E}{(A + B)/2 - E}",
        numerator="pairs together in both, less those by chance",
        denominator="pairs together on average, less by chance",
        unit="1 for the same groups, 0 for chance",
        window="none; the same cases in both groupings",
        function="funnelkit.segments.agreement",
        example=Example({"one": [0, 0, 1, 1], "other": [0, 0, 1, 2]}, 4, 7),
    ),
    Metric(
        name="plan_value",
        formula=r"\sum_s \frac{n_s}{n} \bar{y}_{s,a(s)}",
        numerator="conversions if each segment got its action",
        denominator="all leads",
        unit="share of leads",
        window="that of the outcome, from each lead",
        function="funnelkit.segments.plan_value",
        example=Example(
            {
                "table": pd.DataFrame(
                    {
                        "segment": ["young"] * 4 + ["old"] * 4,
                        "offer": ["none", "none", "gift", "gift"] * 2,
                        "converted": [False, False, True, True, True, False, False, False],
                    }
                ),
                "plan": {"young": "gift", "old": "none"},
            },
            6,
            8,
        ),
    ),
)

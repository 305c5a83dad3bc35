"""Segments: RFM scores, clusters and how far to trust them, and what each segment is worth.

Customers are scored by what they bought (`rfm_scores`), people are grouped by what is known of
them (`k_means`, with a scaler), and then come the questions that a cluster algorithm does not
ask: how many groups there are, if any (`choose_k`), whether other people would have given the
same ones (`stability`), what each of them is (`profile`, `rules`), and what it brings to treat
them differently (`plan_value`). Input is checked as `funnelkit._inputs` says.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.contract import Example, Metric

__all__ = [
    "METRICS",
    "adjusted_rand_index",
    "choose_k",
    "k_means",
    "plan_value",
    "profile",
    "rfm_scores",
    "rules",
    "silhouette",
    "stability",
]

REFERENCE_CASES = 1000  # of a cloud without groups, for its silhouette: more cost and add little
MOST_REPEATS = 10_000  # what takes longer than anybody waits


def __dir__():
    return __all__


# ---------------------------------------------------------------- customers by what they bought


def rfm_scores(
    orders,
    *,
    observed_until,
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
        One row per order. Rows of one customer on one day are one purchase.
    observed_until : str or Timestamp
        The day at whose end the customers are scored, or a moment. Later orders are not looked
        at, and customers who had not bought by then are left out.
    bins : int, default 5
        How many scores there are, 2 to 9: quintiles with 5.
    customer, date, amount : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row per customer, in the order of their ids: `days_since_last`, `purchases` (days with
        an order) and `spent` (in the unit of `amount`); `r`, `f` and `m`, whole scores from 1 to
        `bins`; `rfm`, the three digits as text. ``attrs["observed_until"]`` repeats the day.

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
    >>> rfm_scores(orders, observed_until="2026-06-30", bins=3)
                 days_since_last  purchases  spent  r  f  m  rfm
    customer_id
    ann                       10          2  200.0  3  3  2  332
    ben                      121          1  300.0  1  2  3  123
    cat                       10          1   40.0  3  2  1  321
    """
    observed_until = _inputs.end_of_data("observed_until", observed_until)
    bins = _inputs.whole("bins", bins, at_least=2, at_most=9)
    known = _known_orders(orders, observed_until, customer, date, amount)
    last_day = observed_until.normalize()
    by_customer = known.groupby(level=0, observed=True)
    table = pd.DataFrame(
        {
            "days_since_last": (last_day - by_customer["day"].max()).dt.days.astype("int64"),
            "purchases": by_customer["day"].nunique().astype("int64"),
            "spent": by_customer["amount"].sum().astype(float).round(6),
        }
    )
    table["r"] = _score(-table["days_since_last"], bins)
    table["f"] = _score(table["purchases"], bins)
    table["m"] = _score(table["spent"], bins)
    table["rfm"] = table[["r", "f", "m"]].astype(str).agg("".join, axis=1)
    table.attrs["observed_until"] = str(last_day.date())
    return table


def _known_orders(orders, observed_until, customer, date, amount):
    """Return customer, day and amount of the orders up to the end of the data."""
    _inputs.need_columns(orders, [customer, date, amount], "orders")
    times = _inputs.times(orders[date], date)
    amounts = _inputs.finite(f"column {amount!r}", orders[amount])
    remedy = "subtract a refund from the order that it belongs to"
    index = orders.index
    _inputs.refuse(amounts < 0, f"column {amount!r} is negative", remedy, amounts, index=index)
    ids = pd.Index(_inputs.ids(orders[customer], customer), name=customer)
    table = pd.DataFrame({"day": times.dt.normalize().to_numpy(), "amount": amounts}, ids)
    table = table[(times <= observed_until).to_numpy()]
    _inputs.need_rows(table, "orders", f"nobody had bought by {observed_until:%Y-%m-%d}")
    return table


def _score(values, bins):
    """Return whole scores from 1 to bins, the same for equal values."""
    worse = values.rank(method="min").astype("int64") - 1
    equal = values.groupby(values).transform("size").astype("int64")
    return 1 + (2 * worse + equal) * bins // (2 * len(values))


# ---------------------------------------------------------------- clusters


def k_means(features, k, *, scale=True, n_init=10, seed=0):
    """Group cases by k-means, on scaled features: a scaler and `sklearn.cluster.KMeans`.

    Parameters
    ----------
    features : DataFrame
        One row per case, numbers only, none missing. Take the logarithm of what is spread over
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
        Fitted: ``model.predict(features)`` gives the cluster of each case, including new ones,
        scaled with what was learnt here. Clusters are numbered from 0 in the order of their
        centres, by the first feature. ``model["kmeans"].inertia_`` is the sum of squares.

    Examples
    --------
    >>> features = pd.DataFrame({"x": [1.0, 2.0, 9.0, 10.0]})
    >>> k_means(features, 2).predict(features).tolist()
    [0, 0, 1, 1]
    """
    from sklearn.cluster import KMeans
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    features = _numbers_of(features, k)
    scale, n_init = (
        _inputs.switch("scale", scale),
        _inputs.whole("n_init", n_init, at_most=MOST_REPEATS),
    )
    seed = _inputs.whole("seed", seed, at_least=0, at_most=2**32 - 1)
    kmeans = KMeans(k, n_init=n_init, random_state=seed)
    scaler = StandardScaler(with_mean=scale, with_std=scale).set_output(transform="pandas")
    model = Pipeline([("scaler", scaler), ("kmeans", kmeans)])
    with _one_thread():
        model.fit(features)
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
        One row per case, as they were clustered: scaled, if they were.
    labels : array or Series
        The cluster of each case.

    Returns
    -------
    DataFrame
        One row per case: `own`, its mean distance to the others of its cluster; `nearest`, the mean
        distance to the cases of the nearest other cluster; `silhouette`, from −1 to 1. A case
        alone in its cluster has no `own` and gets 0.

    Notes
    -----
    .. math:: s_i = \frac{b_i - a_i}{\max(a_i, b_i)}

    Distances are Euclidean. The mean over all cases is what is usually quoted; it is
    ``silhouette(...)["silhouette"].mean()``. Time grows with the square of the number of cases;
    memory is kept in check by working in blocks. A few thousand cases are fine.

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

    features = _numbers_of(features)
    _inputs.aligned(features=features, labels=labels)
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


def adjusted_rand_index(one, other):
    r"""Say how far two groupings of the same cases agree, beyond chance.

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
    >>> adjusted_rand_index(["a", "a", "b", "b"], [1, 1, 0, 0])
    1.0
    >>> round(adjusted_rand_index([0, 0, 1, 1], [0, 0, 1, 2]), 3)
    0.571
    """
    _inputs.aligned(one=one, other=other)
    rows, _ = _codes(one, None, "one")
    columns, _ = _codes(other, len(rows), "other")
    if len(rows) < 2:
        raise ValueError(f"there are {len(rows)} cases: the index is about pairs, so give two")
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
    and both results then say where *every* case belongs. Their `adjusted_rand_index` says how
    much of the clusters is in the people and how much in the sample.

    Parameters
    ----------
    features : DataFrame
        One row per case, numbers only, none missing.
    k : int
        How many clusters.
    n_resamples : int, default 20
        How many times the cases are dealt.
    scale, n_init
        As in `k_means`.
    seed : int or numpy.random.Generator, default 0
        The same seed deals the same halves.

    Returns
    -------
    numpy.ndarray of float
        The adjusted Rand index of each deal. Near 1 the clusters are stable; whether they are
        *useful* is another question.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> two_clouds = pd.DataFrame({"x": np.r_[rng.normal(0, 1, 100), rng.normal(9, 1, 100)]})
    >>> stability(two_clouds, 2, n_resamples=3)
    array([1., 1., 1.])
    """
    points = _numbers_of(features, k, at_least=2).to_numpy()
    n_resamples = _inputs.whole("n_resamples", n_resamples, at_most=MOST_REPEATS)
    scale, n_init = (
        _inputs.switch("scale", scale),
        _inputs.whole("n_init", n_init, at_most=MOST_REPEATS),
    )
    return _stability(points, k, n_resamples, scale, n_init, _inputs.random_generator(seed))


def _stability(points, k, n_resamples, scale, n_init, rng):
    from sklearn.cluster import KMeans

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
            found.append(adjusted_rand_index(*both))
    return np.array(found)


def choose_k(features, ks=range(1, 9), *, n_resamples=10, n_references=0, scale=True, seed=0):
    r"""Cluster with each number of clusters, and put the criteria side by side.

    Inertia, silhouette and stability may agree on a number for a cloud without any groups: a
    cloud that is longer than it is wide is cut the same way each time. So what they say is
    compared with what they say of such a cloud (`n_references`).

    Parameters
    ----------
    features : DataFrame
        One row per case, numbers only, none missing.
    ks : iterable of int, default 1 to 8
        The numbers of clusters to try.
    n_resamples : int, default 10
        How many times the cases are dealt in halves, for the stability.
    n_references : int, default 0
        How many clouds without groups to cluster for comparison, drawn uniformly from the box of
        the (scaled) features; 20 are enough to decide, and at least 2 are needed.
    scale : bool, default True
        As in `k_means`; the silhouette is of the scaled features then.
    seed : int, default 0
        Of the starts, the halves and the references.

    Returns
    -------
    DataFrame
        One row per number of clusters, `k` in the index: `inertia`, the sum of squared distances
        to the centres, which always falls; `fall`, the share by which it fell from one cluster
        fewer; `silhouette`, the mean over the cases; `stability`, the mean adjusted Rand index
        between halves. Missing where they are not defined: for one cluster, and `fall` where
        the number before was not tried.

        With references, four more: `silhouette_reference` and `stability_reference`, the means of
        the same over the references; `gap`, how much smaller the inertia is than theirs, and
        `gap_se`, its standard error. There are groups only where the data's numbers are clearly
        above those of the references and the gap is clearly above ``gap[1]``.

    Notes
    -----
    With inertia :math:`W_k`, and :math:`W_{kb}` that of reference :math:`b` of :math:`B`,

    .. math::

        \mathrm{Gap}(k) = \frac{1}{B} \sum_b \log W_{kb} - \log W_k, \qquad
        s_k = \mathrm{sd}_b(\log W_{kb}) \sqrt{1 + 1/B}

    The rule of Tibshirani, Walther and Hastie is the smallest :math:`k` with
    :math:`\mathrm{Gap}(k) \ge \mathrm{Gap}(k+1) - s_{k+1}`, which may be 1. It stops too early
    where the gap falls before it rises, as with four groups at the corners of a square: look at
    the whole curve.

    The silhouette of a reference is that of its first 1,000 cases, its stability that of one
    split; both are then averaged over the references.

    References
    ----------
    R. Tibshirani, G. Walther and T. Hastie (2001), "Estimating the number of clusters in a data
    set via the gap statistic", *Journal of the Royal Statistical Society B* 63.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> middles = np.repeat([0.0, 9.0, 18.0], 50)
    >>> three_clouds = pd.DataFrame({"x": middles + rng.normal(size=150)})
    >>> table = choose_k(three_clouds, range(2, 5), n_resamples=3, n_references=5)
    >>> int(table["silhouette"].idxmax()), float(table.loc[3, "stability"])
    (3, 1.0)
    >>> table.loc[3, ["silhouette", "silhouette_reference"]].round(1).tolist()
    [0.9, 0.6]
    >>> int(table["gap"].idxmax())
    3
    """
    ks = _numbers_of_clusters(ks)
    features = _numbers_of(features, max(ks))
    n_resamples = _inputs.whole("n_resamples", n_resamples, at_most=MOST_REPEATS)
    n_references = _inputs.whole("n_references", n_references, at_least=0, at_most=MOST_REPEATS)
    if n_references == 1:
        raise ValueError("n_references is 1: one has no standard error, so give 0 or at least 2")
    rows = {}
    for k in ks:
        model = k_means(features, k, scale=scale, seed=seed)
        row = {"inertia": float(model["kmeans"].inertia_)}
        if k > 1:
            scaled = model["scaler"].transform(features)
            row["silhouette"] = silhouette(scaled, model["kmeans"].labels_)["silhouette"].mean()
            row["stability"] = stability(
                features, k, n_resamples=n_resamples, scale=scale, seed=seed
            ).mean()
        before = rows.get(k - 1)
        row["fall"] = 1 - row["inertia"] / before["inertia"] if before else np.nan
        rows[k] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("k")
    table = table.reindex(columns=["inertia", "fall", "silhouette", "stability"]).astype(float)
    if not n_references:
        return table
    points = k_means(features, 1, scale=scale)["scaler"].transform(features).to_numpy()
    return table.join(_against_references(points, table["inertia"], n_references, scale, seed))


def _numbers_of_clusters(ks):
    """Return the numbers of clusters to try, each once, in order."""
    if not isinstance(ks, range | list | tuple | np.ndarray | pd.Index | pd.Series):
        raise TypeError(f"ks is {_inputs.name_of_type(ks)}: give a range or a list, range(1, 9)")
    if not len(ks):
        raise ValueError("ks is empty: name the numbers of clusters to try")
    return sorted({_inputs.whole("each of ks", k) for k in ks})


def _against_references(points, inertia, n_references, scale, seed):
    """Return the same criteria for clouds without groups, and the gap statistic."""
    from sklearn.cluster import KMeans

    rng = np.random.default_rng([seed, n_references])
    low, high = points.min(axis=0), points.max(axis=0)
    rows = []
    with _one_thread():
        for _ in range(n_references):
            cloud = rng.uniform(low, high, points.shape)
            part = pd.DataFrame(cloud[:REFERENCE_CASES])
            for k in inertia.index:
                kmeans = KMeans(int(k), n_init=5, random_state=0).fit(cloud)
                row = {"k": k, "log_inertia": np.log(kmeans.inertia_)}
                if k > 1 and len(set(kmeans.labels_[:REFERENCE_CASES])) > 1:
                    labels = kmeans.labels_[:REFERENCE_CASES]
                    row["silhouette"] = silhouette(part, labels)["silhouette"].mean()
                    row["stability"] = _stability(cloud, int(k), 1, scale, 5, rng)[0]
                rows.append(row)
    columns = ["k", "log_inertia", "silhouette", "stability"]
    by_k = pd.DataFrame(rows).reindex(columns=columns).groupby("k")
    null = by_k[["silhouette", "stability"]].mean().add_suffix("_reference")
    with np.errstate(divide="ignore"):  # as many clusters as cases: an inertia of 0
        gap = by_k["log_inertia"].mean() - np.log(inertia)
    spread = by_k["log_inertia"].std(ddof=0) * np.sqrt(1 + 1 / n_references)
    return null.assign(gap=gap, gap_se=spread)


# ---------------------------------------------------------------- what the segments are


def profile(table, labels, columns=None):
    """Describe each segment: how many, which share of all, and its middle in each column.

    Parameters
    ----------
    table : DataFrame
        One row per case.
    labels : array or Series
        The segment of each case, in the order of the table.
    columns : list of str, optional
        Which columns to describe, by the median; of a boolean column, the share that is true.
        All columns of numbers and booleans when not given. Missing values are left out.

    Returns
    -------
    DataFrame
        One row per segment, in the order of their names: `size`, `share` and the columns.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [21, 25, 50, 61], "bought": [True, False, True, True]})
    >>> profile(people, ["young", "young", "old", "old"])
             size  share   age  bought
    segment
    old         2    0.5  55.5     1.0
    young       2    0.5  23.0     0.5
    """
    _inputs.need_table(table)
    _inputs.aligned(table=table, labels=labels)
    if columns is None:
        of_numbers = pd.api.types.is_numeric_dtype  # booleans as well
        columns = [name for name, kind in table.dtypes.items() if of_numbers(kind)]
    columns = _inputs.names("columns", columns)
    _inputs.need_columns(table, columns)
    columns = list(dict.fromkeys(columns))
    codes, names = _codes(labels, len(table), "labels")
    group = pd.Categorical.from_codes(codes, names)
    counts = pd.Series(np.bincount(codes, minlength=len(names)), index=names)
    described = {"size": counts, "share": counts / counts.sum()}
    for column in columns:
        is_boolean = pd.api.types.infer_dtype(table[column], skipna=True) == "boolean"
        values = table[column].astype("boolean").astype("Float64") if is_boolean else table[column]
        values = _inputs.numbers(f"column {column!r}", values, missing="keep")
        values = pd.Series(values, group).groupby(level=0, observed=False)
        described[column] = values.mean() if is_boolean else values.median()
    return pd.DataFrame(described, index=names).rename_axis("segment")


def rules(tree, features, labels, *, write=None):
    """Write a small decision tree as one sentence per leaf, and say how far each holds.

    Parameters
    ----------
    tree : sklearn.tree.DecisionTreeClassifier
        Fitted on a table with the columns of `features`, in their natural units.
    features : DataFrame
        The cases on which the rules are judged; best not those that the tree was grown on.
    labels : array or Series
        The segment that each case is really in.
    write : mapping of str to callable, optional
        How thresholds are written, by feature, such as ``{"income": "EUR {:,.0f}".format}``;
        with four digits when not given.

    Returns
    -------
    DataFrame
        One row per leaf, from left to right: `rule` in words, the `segment` it names, `size` (how
        many cases it applies to), `right` (the share of these that are really in that segment;
        missing where it applies to nobody). ``attrs["accuracy"]`` is the share of all cases
        whose segment is named rightly.

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
            f"tree is {_inputs.name_of_type(tree)}: give a DecisionTreeClassifier that was fitted "
            "on a DataFrame"
        )
    _inputs.need_columns(features, names, "features")
    if list(features.columns) != names:
        raise ValueError(f"the tree was grown on {', '.join(names)}: give these columns, in order")
    _inputs.aligned(features=features, labels=labels)
    features = _numbers_of(features)
    labels = _inputs.group_labels(labels, "labels", len(features), unit="cases").to_numpy()
    write = _writers(write, names)
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
    table.attrs["accuracy"] = float(np.mean(told == labels))
    return table


def _writers(write, names):
    """Return how the thresholds of each feature are written, by name."""
    write = {} if write is None else write
    if not isinstance(write, Mapping):
        raise TypeError(
            f"write is {_inputs.name_of_type(write)}: give a function for each feature, such as "
            "{'income': 'EUR {:,.0f}'.format}"
        )
    for name, function in write.items():
        _inputs.need_known(name, names, "feature of the tree")
        if not callable(function):
            raise TypeError(
                f"write[{name!r}] is {_inputs.name_of_type(function)}: give a function of the "
                "threshold, such as 'EUR {:,.0f}'.format"
            )
    return write


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
    r"""Mean outcome if each segment got its planned action, from actions drawn at random.

    In each segment the cases that happened to get what the plan would give them represent the
    whole segment; the segments are weighted by their sizes.

    Parameters
    ----------
    table : DataFrame
        One row per case, each with an action that was drawn at random. Best of a later time than
        the one from which the plan was made: a plan looks too good on the data that chose it.
    plan : str, mapping or Series
        The action for everybody, or one for each segment.
    segment, action, outcome : str
        Names of the columns; the outcome is a boolean or a number.

    Returns
    -------
    float
        For a boolean outcome the expected conversion rate, else the expected mean.

    Notes
    -----
    .. math:: V = \sum_s \frac{n_s}{n} \bar y_{s, a(s)}

    It says what the action does only because chance chose it, not the adviser or the lead.

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
    _inputs.need_columns(table, [segment, action, outcome])
    _inputs.need_rows(table, why="nobody got an action")
    values = _outcomes(table[outcome], outcome)
    codes, names = _codes(table[segment], len(table), f"column {segment!r}", unit="rows")
    got, actions = _codes(table[action], len(table), f"column {action!r}", unit="rows")
    names, actions = names.tolist(), actions.tolist()
    plan = _plan_by_segment(plan, names)
    cell = codes * len(actions) + got
    cells = len(names) * len(actions)
    size = np.bincount(cell, minlength=cells).reshape(len(names), len(actions))
    total = np.bincount(cell, values, minlength=cells).reshape(size.shape)
    value = 0.0
    for place, name in enumerate(names):
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


def _outcomes(column, name):
    """Return the outcome as floats: of booleans 1 and 0, numbers as they are."""
    _inputs.need_hashable(column, name)
    if pd.api.types.infer_dtype(column, skipna=True) in ("boolean", "string", "categorical"):
        return _inputs.booleans(column, f"column {name!r}").to_numpy(float)
    return _inputs.finite(f"column {name!r}", column)


def _plan_by_segment(plan, names):
    """Return the action of each segment."""
    if isinstance(plan, Mapping | pd.Series):
        plan = dict(plan)
        for name in names:
            if name not in plan:
                raise ValueError(f"the plan says nothing about segment {name!r}: give it an action")
        return plan
    if plan is None or pd.api.types.is_list_like(plan):
        raise TypeError(
            f"plan is {_inputs.name_of_type(plan)}: give an action, or one for each segment, such "
            "as {'young': 'gift', 'old': 'none'}"
        )
    return dict.fromkeys(names, plan)


# ---------------------------------------------------------------- checks of what comes in


def _numbers_of(features, k=1, *, at_least=1):
    """Return features as floats if they can be clustered, with `at_least` cases per cluster."""
    k = _inputs.whole("k", k)
    _inputs.need_columns(features, _inputs.need_table(features, "features").columns, "features")
    if not len(features.columns):
        raise ValueError("features has no columns: there is nothing to tell cases apart by")
    if len({type(name) for name in features.columns}) > 1:
        raise TypeError(
            "features has names of columns of several types: make them text, "
            "features.rename(columns=str)"
        )
    numbers = {}
    for column in features.columns:
        values = _inputs.numbers(f"column {column!r}", features[column], missing="keep")
        remedy = "fill them or leave out these rows, and say which of the two"
        index = features.index
        _inputs.refuse(np.isnan(values), f"column {column!r} is missing", remedy, index=index)
        remedy = "the logarithm of 0? Look at these rows"
        _inputs.refuse(np.isinf(values), f"column {column!r} is infinite", remedy, index=index)
        numbers[column] = values
    numbers = pd.DataFrame(numbers, features.index)
    different = len(numbers.drop_duplicates())
    if different < at_least * k:
        raise ValueError(
            f"there are {different} different cases, too few for {k} clusters: give fewer clusters "
            "or more cases"
        )
    return numbers


def _codes(labels, n, name, *, unit="cases"):
    """Return the labels as numbers from 0, in the order of their names, and the names."""
    labels = _inputs.group_labels(labels, name, n, unit=unit)
    _inputs.need_one_type(labels, name)
    codes, names = pd.factorize(labels, sort=True)
    return codes, pd.Index(names)  # of categories, too, only those that occur


# ---------------------------------------------------------------- what the metrics mean

METRICS = (
    Metric(
        name="silhouette",
        formula=r"\frac{b_i - a_i}{\max(a_i, b_i)}",
        numerator="distance to the nearest other cluster, minus own",
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
        numerator="pairs together in both, minus those expected by chance",
        denominator="pairs together on average, minus those expected",
        unit="1 for the same groups, 0 for chance",
        window="none; the same cases in both groupings",
        function="funnelkit.segments.adjusted_rand_index",
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

"""A model of leads that goes to work: learnt once, kept as a file, read wherever scores are needed.

The file is JSON and not a pickle. A pickle is a program: whoever opens one runs whatever is in it,
and it fits only the releases that wrote it. The JSON holds numbers and names, which can be read,
compared with last month's, and checked before use. Scoring needs no scikit-learn: a score is a sum.

Input is checked as `funnelkit._inputs` says.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from funnelkit import _inputs
from funnelkit.scoring import files
from funnelkit.scoring.points import from_log_odds

__all__ = ["LeadModel", "lead_pipeline", "load_model"]

UNKNOWN = "unknown"  # the category of a name that is missing
LEAST = 0.005  # log-odds; what moves a score by less is no reason
_WORDS = re.compile(r"(?u)\b\w\w+\b")  # as scikit-learn's TfidfVectorizer finds them


def __dir__():
    return __all__


class LeadModel:
    """A logistic regression of what is known about a lead, which says what moved each score.

    Numbers that are missing count as the median, with a flag of their own; names are compared
    with a reference; the words of a text are weighed by a regression of their own, whose
    probability joins the numbers as one more of them.

    Parameters
    ----------
    numbers : list of str
        Columns of counts or amounts, at least one.
    names : mapping of str to str
        Columns of names, and the name with which the others of each are compared:
        ``{"source": "seo"}``. A missing name is read as "unknown". May be empty.
    text : str, optional
        A column of texts that leads wrote; it may be missing in some rows.
    version : str, default "1"
        What to call this model; it is kept in the file, and the scoring service gives it in each
        answer. At most 40 letters, digits, points, hyphens and underscores.

    Attributes
    ----------
    inputs_ : list of str
        The columns that a lead to score must have besides `lead_id`.
    parameters_ : dict
        All that the model has learnt, as it is written to the file.
    pipeline_, reader_ : Pipeline
        The models of scikit-learn that were fitted; a model read from a file has none. `reader_`
        is None without a text.

    Examples
    --------
    >>> leads = pd.DataFrame({"visits": [1, 2, 6, 7, 3, 5], "source": ["ads", "seo"] * 3})
    >>> bought = [False, False, True, True, False, True]
    >>> model = LeadModel(["visits"], {"source": "seo"}, version="7").fit(leads, bought)
    >>> new = pd.DataFrame({"lead_id": ["L-1"], "visits": [6], "source": ["seo"]})
    >>> model.score(new, reasons=1)
      lead_id   score                                     reasons
    0     L-1  0.7731  visits 6 (on average 4.0) raises the score
    """

    def __init__(self, numbers, names, *, text=None, version="1"):
        self.numbers = _inputs.names("numbers", numbers)
        if not isinstance(names, Mapping):
            raise TypeError(
                f"names is {_inputs.name_of_type(names)}: give a mapping of columns to the name "
                "with which others are compared, {'source': 'seo'}, or {} if there are none"
            )
        self.names = dict(names)
        self.text = text
        if not self.numbers:
            raise ValueError("numbers is empty: give at least one column of numbers")
        if text is not None:
            _inputs.need_texts(text=text)
        if not (isinstance(version, str) and files.VERSION.fullmatch(version)):
            error = ValueError if isinstance(version, str) else TypeError
            raise error(
                f"version is {_inputs.short_form(version)}: give at most 40 letters, digits, "
                "points, hyphens and underscores, such as '2026-01-01'"
            )
        self.version = version
        for column in [*self.numbers, *self.names]:
            if not isinstance(column, str):
                raise TypeError(f"{_inputs.short_form(column)} is not the name of a column")
        self.numbers = [str(column) for column in self.numbers]  # one of NumPy's is none of JSON's
        self.inputs_ = [*self.numbers, *self.names, *([text] if text is not None else [])]
        if len(set(self.inputs_) | {"lead_id"}) <= len(self.inputs_):
            raise ValueError(
                "a column is named twice among lead_id, numbers, names and text: give each once"
            )

    # ------------------------------------------------------------ learning

    def fit(self, leads, outcome):
        """Learn from leads whose outcome is known.

        Parameters
        ----------
        leads : DataFrame
            One row per lead, with what was known *when it was to be scored*.
        outcome : Series or array of bool
            Whether each lead bought.

        Returns
        -------
        LeadModel
            Itself.

        Raises
        ------
        ValueError
            If all leads bought or none did; if a column of numbers is missing in all rows; if the
            reference of a name is not among the leads; if there are too few texts to learn from.
        """
        _inputs.need_table(leads, "leads")
        _inputs.need_rows(leads, "leads", "there is nothing to learn from")
        _inputs.need_columns(leads, self.inputs_, "leads")
        _inputs.aligned(leads=leads, outcome=outcome)
        bought = _inputs.outcomes("outcome", outcome)
        _inputs.need_same_length("leads", leads=leads, outcome=bought)
        if bought.all() or not bought.any():
            raise ValueError(
                f"{'all' if bought.all() else 'none'} of {len(bought):,} leads bought: there is "
                "nothing to learn from; take more leads or a longer window"
            )
        columns = self._columns(leads)
        for column in self.numbers:
            if np.isnan(columns[column]).all():
                raise ValueError(f"column {column!r} is missing in all rows: leave it out")
        for column, reference in self.names.items():
            if reference not in columns[column]:
                raise ValueError(
                    f"no lead has {reference!r} in column {column!r}, with which its names are to "
                    f"be compared: {_inputs.close_to(reference, columns[column])}"
                )
        self.reader_, counts = None, {column: columns[column] for column in self.numbers}
        if self.text is not None:
            counts[files.INTENT] = self._read_texts(columns[self.text], bought)
        table = pd.DataFrame(counts | {column: columns[column] for column in self.names})
        self.pipeline_ = lead_pipeline(list(counts), self.names).fit(table, bought)
        self.parameters_ = self._learnt(table, bought)
        usual = {name: float(terms.mean()) for name, terms in self._terms(columns, counts).items()}
        self.parameters_["usual"] = usual
        return self

    def _read_texts(self, texts, bought):
        """Fit the reader of texts; return the probability by words, missing without a text.

        That of a text learnt from comes from readers that had not seen it.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_predict
        from sklearn.pipeline import make_pipeline

        wrote = np.array([text is not None for text in texts])
        told, answers = [text for text in texts if text is not None], bought[wrote]
        if min(answers.sum(), (~answers).sum()) < 5:
            raise ValueError(
                f"column {self.text!r} has texts of {answers.sum()} leads that bought and of "
                f"{(~answers).sum()} that did not, and 5 of each are needed: leave it out"
            )
        reader = make_pipeline(TfidfVectorizer(min_df=3), LogisticRegression())
        try:
            self.reader_ = reader.fit(told, answers)
            unseen = cross_val_predict(reader, told, answers, cv=5, method="predict_proba")
        except ValueError:  # an empty vocabulary
            raise ValueError(
                f"column {self.text!r} has no words that several texts share: leave it out"
            ) from None
        intent = np.full(len(texts), np.nan)
        intent[wrote] = unseen[:, 1]
        return intent

    def _learnt(self, table, bought):
        """Return what was learnt, as plain numbers by the names of the columns."""
        features, regression = self.pipeline_
        numbers, names = (features.transformers_[i][1] for i in range(2))
        (imputer, scaler), weights = numbers, regression.coef_[0].tolist()
        columns, flagged = list(imputer.feature_names_in_), imputer.indicator_.features_.tolist()
        places = [("value", column) for column in columns]
        places += [("missing", columns[place]) for place in flagged]
        learnt = {}
        for place, (part, column) in enumerate(places):
            term = {
                "mean": float(scaler.mean_[place]),
                "scale": float(scaler.scale_[place]),
                "weight": weights[place],
            }
            if part == "value":
                known = table[column].dropna()
                learnt[column] = term | {
                    "median": float(imputer.statistics_[place]),
                    "average": float(known.mean()),
                    "whole": bool((known % 1 == 0).all()),
                    "missing": None,
                }
            else:
                learnt[column]["missing"] = term
        rest = iter(weights[len(places) :])
        encoder = names[-1] if self.names else None
        spelt = {}
        for column, known in zip(self.names, encoder.categories_ if encoder else [], strict=True):
            reference = self.names[column]
            spelt[column] = {name: 0.0 if name == reference else next(rest) for name in known}
        return {
            "learnt_from": {"leads": len(bought), "bought": int(bought.sum())},
            "intercept": float(regression.intercept_[0]),
            "numbers": learnt,
            "names": {
                column: {"reference": self.names[column], "weights": weights}
                for column, weights in spelt.items()
            },
            "text": self._learnt_words(),
        }

    def _learnt_words(self):
        if self.reader_ is None:
            return None
        words, regression = self.reader_
        idf, weights = words.idf_.tolist(), regression.coef_[0].tolist()
        return {
            "column": self.text,
            "intercept": float(regression.intercept_[0]),
            "words": {
                word: [idf[place], weights[place]]
                for word, place in sorted(words.vocabulary_.items())
            },
        }

    # ------------------------------------------------------------ scoring

    def probability(self, leads):
        """Return how likely each lead is to buy.

        Parameters
        ----------
        leads : DataFrame
            One row per lead, with the columns `inputs_`.

        Returns
        -------
        Series of float
            Not rounded: what scikit-learn's ``predict_proba`` gives.
        """
        terms = self._moved(self._checked(leads, ids=False), centred=False)
        return pd.Series(self._chance(terms), leads.index, name="probability")

    def score(self, leads, *, reasons=3):
        """Return the score of each lead, and in words what moved it most.

        Parameters
        ----------
        leads : DataFrame
            One row per lead, with `lead_id` and the columns `inputs_`.
        reasons : int, default 3
            How many reasons per lead, at most.

        Returns
        -------
        DataFrame
            `lead_id`; `score`, the probability to four decimals; `reasons`, the strongest first,
            with semicolons between them, as `reasons()` words them. The index is that of `leads`.
        """
        reasons = _inputs.whole("reasons", reasons)
        answers = self._answers(self._checked(leads), reasons)
        table = pd.DataFrame(
            {
                "lead_id": leads["lead_id"],
                "score": np.array([answer["score"] for answer in answers], dtype=float),
            }
        )
        said = ["; ".join(each["reason"] for each in answer["reasons"]) for answer in answers]
        return table.assign(reasons=pd.Series(said, table.index, dtype="str"))

    def reasons(self, leads, *, n=3):
        """Return what moved the score of each lead most, one row per reason.

        Parameters
        ----------
        leads : DataFrame
            One row per lead, with `lead_id` and the columns `inputs_`.
        n : int, default 3
            How many reasons per lead, at most.

        Returns
        -------
        DataFrame
            `lead_id`, `rank`, `feature` (a column of the leads), `effect` ("raises" or
            "lowers"), `log_odds` (how much it adds to the score, or takes away, compared with the
            average lead learnt from; two decimals) and `reason`, a sentence.

        Notes
        -----
        A reason says what moved the *score*. It is not why the person will buy.
        """
        n = _inputs.whole("n", n)
        rows = [
            {"lead_id": answer["lead_id"], "rank": rank, **reason}
            for answer in self._answers(self._checked(leads), n)
            for rank, reason in enumerate(answer["reasons"], start=1)
        ]
        names = ["lead_id", "rank", "feature", "effect", "log_odds", "reason"]
        table = pd.DataFrame(rows, columns=names)
        kinds = {"rank": "int64", "log_odds": "float64"}
        kinds |= dict.fromkeys(["feature", "effect", "reason"], "str")
        return table.astype(kinds)

    def answers(self, leads, *, reasons=3):
        """Score leads that come as records, without a table: what the scoring service does.

        Parameters
        ----------
        leads : list of mapping
            Each has `lead_id` and all of `inputs_`; None where a value is not known.
        reasons : int, default 3
            How many reasons per lead, at most.

        Returns
        -------
        list of dict
            In the order of `leads`: `lead_id`, `score`, `reasons`, a list of dict with `feature`,
            `effect`, `log_odds` and `reason`, as `score()` and `reasons()` give them.

        Examples
        --------
        >>> from funnelkit import school
        >>> lead = dict.fromkeys(school.score_model().inputs_) | {"lead_id": "L-1"}
        >>> lead |= {"downloads": 2, "webinars": 1, "source": "partner", "device": "mobile"}
        >>> answer = school.score_model().answers([lead | {"offer": "none"}])[0]
        >>> answer["reasons"][0]["reason"]
        'source partner raises the score'
        """
        reasons = _inputs.whole("reasons", reasons)
        self._need_fitted()
        missing = [name for name in ["lead_id", *self.inputs_] if any(name not in x for x in leads)]
        if missing:
            raise ValueError(f"a lead has no {missing[0]!r}: give None where it is not known")
        columns = {"lead_id": [lead["lead_id"] for lead in leads]}
        for column in self.numbers:
            values = [np.nan if lead[column] is None else lead[column] for lead in leads]
            columns[column] = _inputs.numbers(column, np.array(values), missing="keep")
        for column in self.names:
            columns[column] = [
                UNKNOWN if lead[column] is None else str(lead[column]) for lead in leads
            ]
        if self.text is not None:
            columns[self.text] = [lead[self.text] for lead in leads]
        self._need_learnt(columns, None)
        return self._answers(columns, reasons)

    # ------------------------------------------------------------ the file

    def save(self, path):
        """Write the model to a file; a file that is there is replaced in one go.

        Whoever reads meanwhile finds the old model or the new one, never half of either.

        Parameters
        ----------
        path : str or Path
            Such as ``"lead_model.json"``.

        Returns
        -------
        pathlib.Path
        """
        self._need_fitted()
        return files.write(path, self.version, self.inputs_, self.parameters_)

    @classmethod
    def from_parameters(cls, version, parameters):
        """Make a model of what another has learnt, without learning.

        Parameters
        ----------
        version : str
        parameters : dict
            The other's `parameters_`.

        Returns
        -------
        LeadModel

        Examples
        --------
        >>> from funnelkit import school
        >>> model = school.score_model()
        >>> LeadModel.from_parameters("b", model.parameters_).inputs_ == model.inputs_
        True
        """
        text = parameters["text"]
        names = {column: part["reference"] for column, part in parameters["names"].items()}
        numbers = [column for column in parameters["numbers"] if column != files.INTENT]
        text = text["column"] if text is not None else None
        model = cls(numbers, names, text=text, version=version)
        model.parameters_ = parameters
        return model

    # ------------------------------------------------------------ inside

    def _need_fitted(self):
        if not hasattr(self, "parameters_"):
            raise ValueError("the model has not learnt yet: call fit(leads, outcome)")

    def _checked(self, leads, ids=True):
        """Return the columns of leads to score, all of whose names the model knows."""
        self._need_fitted()
        _inputs.need_columns(leads, [*["lead_id"] * ids, *self.inputs_], "leads")
        columns = self._columns(leads)
        self._need_learnt(columns, leads.index)
        if ids:
            columns["lead_id"] = _inputs.ids(leads["lead_id"], "lead_id").tolist()
        return columns

    def _need_learnt(self, columns, index):
        for column, part in self.parameters_["names"].items():
            known = part["weights"]
            strange = np.array([name not in known for name in columns[column]], dtype=bool)
            remedy = f"the model has learnt {', '.join(known)}: correct them, or learn anew"
            what = f"column {column!r} has names that the model does not know,"
            _inputs.refuse(strange, what, remedy, columns[column], index=index, unit="leads")

    def _columns(self, leads):
        """Return the inputs as arrays and lists: missing numbers NaN, missing texts None."""
        columns = {}
        for column in self.numbers:
            columns[column] = _inputs.numbers(f"column {column!r}", leads[column], missing="keep")
            _inputs.refuse(
                np.isinf(columns[column]),
                f"column {column!r} is infinite",
                "leave these leads out, or make it missing where it is not known",
                index=leads.index,
            )
        for column in [*self.names, *([self.text] if self.text is not None else [])]:
            values = leads[column]
            _inputs.need_one_type(values, column)
            kind = pd.api.types.infer_dtype(values.dropna().astype(object), skipna=True)
            if kind not in ("string", "empty"):
                raise TypeError(
                    f"column {column!r} does not hold text: give names or texts, "
                    f"table[{column!r}].astype('str')"
                )
            absent = UNKNOWN if column in self.names else None
            gaps = values.isna().to_numpy()
            columns[column] = [
                absent if gap else str(value)
                for value, gap in zip(values.tolist(), gaps, strict=True)
            ]
        return columns

    def _moved(self, columns, centred=True):
        """Return for each input what it adds to the log-odds of each lead."""
        counts = {column: columns[column] for column in self.numbers}
        if self.text is not None:
            counts[files.INTENT] = self._intent(columns[self.text])
        terms, usual = self._terms(columns, counts), self.parameters_["usual"]
        return {name: term - usual[name] for name, term in terms.items()} if centred else terms

    def _terms(self, columns, counts):
        terms = {}
        for column, part in self.parameters_["numbers"].items():
            gaps = np.isnan(counts[column])
            values = np.where(gaps, part["median"], counts[column])
            terms[column] = part["weight"] * (values - part["mean"]) / part["scale"]
            if part["missing"] is not None:
                flag = part["missing"]
                terms[column] = (
                    terms[column] + flag["weight"] * (gaps - flag["mean"]) / (flag["scale"])
                )
        for column, part in self.parameters_["names"].items():
            weights = part["weights"]
            terms[column] = np.array([weights[name] for name in columns[column]], dtype=float)
        return terms

    def _intent(self, texts):
        """Return the probability by the words of each text, as TF-IDF weighs them."""
        part = self.parameters_["text"]
        log_odds = np.full(len(texts), np.nan)
        for place, text in enumerate(texts):
            if text is None:
                continue
            found = {}
            for word in _WORDS.findall(text.lower()):
                if word in part["words"]:
                    found[word] = found.get(word, 0) + 1
            learnt = [part["words"][word] for word in found]
            tfidf = [n * idf for n, (idf, _) in zip(found.values(), learnt, strict=True)]
            length = float(np.sqrt(sum(value**2 for value in tfidf))) or 1.0
            sums = (value * weight for value, (_, weight) in zip(tfidf, learnt, strict=True))
            log_odds[place] = sum(sums) / length + part["intercept"]
        known, chance = ~np.isnan(log_odds), np.full(len(texts), np.nan)
        chance[known] = from_log_odds(log_odds[known])
        return chance

    def _chance(self, terms):
        return from_log_odds(self.parameters_["intercept"] + sum(terms.values()))

    def _answers(self, columns, reasons):
        terms = self._moved(columns)
        usual = sum(self.parameters_["usual"].values())
        chances = from_log_odds(self.parameters_["intercept"] + usual + sum(terms.values()))
        moved = np.column_stack(list(terms.values())).round(2)
        order, names = np.argsort(-np.abs(moved), axis=1, kind="stable"), list(terms)
        return [
            {
                "lead_id": lead,
                "score": round(float(chances[row]), 4),
                "reasons": [
                    self._reason(names[place], float(moved[row, place]), columns, row)
                    for place in order[row, :reasons]
                    if abs(moved[row, place]) >= LEAST
                ],
            }
            for row, lead in enumerate(columns["lead_id"])
        ]

    def _reason(self, name, log_odds, columns, row):
        """Return one reason as a record, with a sentence that a salesperson reads."""
        effect = "raises" if log_odds > 0 else "lowers"
        if name == files.INTENT:
            name = self.text
            said = f"no {_spaced(name)} {effect}"
            if columns[name][row] is not None:
                said = f"what the {_spaced(name)} says {effect}"
        elif name in self.names:
            value = columns[name][row]
            said = f"{_spaced(name)} {'not known' if value == UNKNOWN else value} {effect}"
        elif np.isnan(columns[name][row]):
            said = f"{_spaced(name)} not known {effect}"
        else:
            average = self.parameters_["numbers"][name]["average"]
            value = f"{columns[name][row]:,.10g} (on average {average:,.1f})"
            said = f"{_spaced(name)} {value} {effect}"
        reason = f"{said} the score"
        return {"feature": name, "effect": effect, "log_odds": log_odds, "reason": reason}


def _spaced(name):
    return name.replace("_", " ")


def lead_pipeline(counts, names):
    """Return the model to fit: numbers filled and scaled, names spelt out, a regression.

    Parameters
    ----------
    counts : list of str
        Columns of numbers.
    names : mapping of str to str
        Columns of names, and the name with which the others of each are compared.

    Returns
    -------
    Pipeline
        Not fitted.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    unknown = SimpleImputer(strategy="constant", fill_value=UNKNOWN)
    encoder = OneHotEncoder(drop=list(names.values()) or None, sparse_output=False)
    spelt = make_pipeline(unknown, encoder)
    parts = [(filled, counts), (spelt, list(names))]
    features = make_column_transformer(*parts, verbose_feature_names_out=False)
    return make_pipeline(features, LogisticRegression(max_iter=1000))


def load_model(path):
    """Read a model of leads from the file that `LeadModel.save` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    LeadModel
        It scores as the one that was saved, to the last digit.

    Raises
    ------
    ValueError
        If the file is not a model of leads, was written in another form than this release
        reads, or is not as it was written.

    Examples
    --------
    >>> import tempfile
    >>> from funnelkit import school
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = school.score_model().save(f"{folder}/lead_model.json")
    ...     load_model(path).version
    '2026-01-01'
    """
    return LeadModel.from_parameters(*files.read(path))

"""Funnelkit: the helper package of the course *Building a high-conversion sales funnel*.

Lessons begin with ``import funnelkit``. Each module holds one subject and is written to be read:
``??funnelkit.funnels.funnel`` in a notebook shows how a number came about.

============== =====================================================================
module         holds
============== =====================================================================
data           loading the course's tables (`schemas`: what their columns mean)
contract       what each metric counts, over whom, in which unit and window
funnels        users per step, how far each got and when
metrics        rates, intervals, the bootstrap, money
cohorts        retention, churn, cohort tables
survival       how long customers stay: Kaplan–Meier, shifted beta-geometric
surveys        satisfaction: CSAT and the net promoter score
lifetime       customer lifetime value, and its prediction from purchases
quality        faults in the data, identities, leakage, privacy
segments       RFM scores, clusters and their stability, profiles, the worth of a plan
ranking        the order that a score gives: AUC, precision and recall, lift, gains
scoring        labels, points cards, calibration, whom a call pays for, when
forecasting    baselines, smoothing, regression, backtest, accuracy; the pipeline, queues
experiments    planning a test, giving out variants, reading the test out
bayes          posteriors of rates and lifts, expected loss, priors from earlier tests, peeking
bandits        choosing while learning: Thompson sampling, regret; other policies from a log
optimise       Gaussian process, acquisition, searches for good settings
recommenders   neighbours, content, top-N lists with reasons; ranking metrics and splits
attribution    which channel gets the credit: rules, Markov chains, Shapley
incrementality geo tests, carry-over and saturation, budgets
uplift         whom an action changes: effect, models, Qini, policy value, budget
automation     a table of rules, checked, that acts on a log in simulated time
crm            a stage machine and store, two systems kept in step, import and export
levers         which step to fix: slopes, limits, attainable lift per euro
databases      the funnel as one SQL query, files in pieces, exports of other tools
ingest         a file of one's own: read as it comes, asked, made into the course's tables
report         the weekly report on anybody's log, as one page
pipeline       the whole system: from the tables to the report, in steps that can be killed
service        a small web service that answers "score this lead"
school         the tables that lessons share: the clean log, the clean leads, the books
plots          one function per chart
checking       ``check``, ``hint``, ``progress`` (how they work: `funnelkit.exercises`)
simulate       the generator of all simulated tables (its rooms: `funnelkit.world`)
============== =====================================================================

Beside them are `funnelkit.app`, the command ``funnelkit``, and `funnelkit.grading`. In a notebook
charts are sharp and text in tables is aligned left from then on (`funnelkit.display`).
"""

from importlib import import_module, metadata

from funnelkit import display

__version__ = "0.1.0"

# The subjects in the order of the course; each keeps its metrics, which `contract` gathers.
SUBJECTS = (
    "metrics",
    "funnels",
    "cohorts",
    "lifetime",
    "quality",
    "segments",
    "scoring",
    "forecasting",
    "experiments",
    "bayes",
    "bandits",
    "optimise",
    "recommenders",
    "attribution",
    "incrementality",
    "uplift",
    "automation",
    "crm",
    "levers",
)
_MODULES = (
    *SUBJECTS,
    "checking",
    "contract",
    "data",
    "databases",
    "ingest",
    "pipeline",
    "plots",
    "ranking",
    "report",
    "schemas",
    "school",
    "service",
    "simulate",
    "surveys",
    "survival",
)
_NAMES = {
    **dict.fromkeys(("describe", "load", "tables", "truth"), "data"),
    **dict.fromkeys(("check", "hint", "progress"), "checking"),
}
__all__ = [*sorted(_MODULES), *_NAMES]


def __getattr__(name: str):
    """Import a module of the package when it is first asked for.

    So importing is quick, and `funnelkit doctor` can still speak where pandas is missing.
    """
    if name in _MODULES:
        _check_pandas()
        return import_module(f"funnelkit.{name}")
    if name in _NAMES:
        _check_pandas()
        return getattr(import_module(f"funnelkit.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'funnelkit' has no attribute {name!r}")


def _check_pandas() -> None:
    """Say in one sentence that pandas is too old, before it is seen in a table."""
    try:
        version = metadata.version("pandas")
    except metadata.PackageNotFoundError:
        return  # the import will say so
    if version.split(".")[0].isdecimal() and int(version.split(".")[0]) < 3:
        raise ImportError(
            f"funnelkit needs pandas 3 or newer, and this is pandas {version}: run "
            "`pip install 'pandas>=3'` and restart the kernel, or start the course with "
            "`python start.py lab`, which has the versions that it was written with."
        )


def __dir__() -> list[str]:
    return __all__


display.prepare()

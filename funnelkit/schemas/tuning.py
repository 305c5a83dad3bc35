"""The schema of the runs of searches for good settings."""

from funnelkit.schemas.columns import Column, Schema

__all__ = ["TUNING"]

TUNING: dict[str, Schema] = {
    "tuning_runs": Schema(
        file="tuning_runs.csv.gz",
        row="what one run of a search would keep after so many tries",
        origin="simulated by `python -m funnelkit.world.tuning`",
        notes=(
            "`campaign` is a week's campaign of the school (mails, discount, ad split), whose "
            "noise is a quarter of the spread of its profit; `campaign_quiet` has none, "
            "`campaign_double` twice and `campaign_loud` four times as much. `branin` (two inputs) "
            "and `hartmann6` (six) are test functions without noise. `bayes` is "
            "`funnelkit.optimise.bayesian_search`; `bayes_default` the package it uses as it "
            "comes, without scaling and noise. The shortfall is in EUR per week for the campaign, "
            "and in the units of the function for the test functions. Runs of the same number meet "
            "the same noise."
        ),
        columns=(
            Column(
                "problem",
                "text",
                "what was to be made as large as possible",
                allowed=(
                    "campaign",
                    "campaign_quiet",
                    "campaign_double",
                    "campaign_loud",
                    "branin",
                    "hartmann6",
                ),
            ),
            Column(
                "method",
                "text",
                "the search, as in `funnelkit.optimise`",
                allowed=("bayes", "bayes_default", "random", "grid", "one_at_a_time"),
            ),
            Column("run", "whole", "number of the run, its seed", allowed=(0, 1000)),
            Column("tries", "whole", "tries so far", unit="tries", allowed=(5, 25)),
            Column(
                "keep",
                "text",
                "what is kept: the settings of the best value seen, or those with the highest "
                "mean of a surrogate fitted to all tries",
                allowed=("best_seen", "surrogate"),
            ),
            Column(
                "seen",
                "number",
                "what was said of the settings kept: the value seen, or the surrogate's mean",
                allowed=(-1e5, 1e5),
            ),
            Column(
                "shortfall",
                "number",
                "by how much the settings kept truly are below the optimum",
                allowed=(0, 1e5),
            ),
        ),
    ),
}

"""The schema of the measured cost of counting a funnel."""

from funnelkit.schemas.columns import Column, Schema

__all__ = ["SCALING"]

SCALING: dict[str, Schema] = {
    "scaling": Schema(
        file="scaling.csv",
        row="one way of counting the same funnel, in a log of one size",
        origin="measured by `benchmarks/databases.py`",
        notes=(
            "Four steps within seven days of the first entry. The log comes from a Parquet file. "
            "Times are processor seconds, all threads added up. `funnels` counts in memory; "
            "`file in 8 parts` is `databases.funnel_file`, which reads the file while it counts; "
            "`Spark` runs on one machine with two threads and 4 GiB, and its start is in the load."
        ),
        columns=(
            Column(
                "program",
                "text",
                "what counts the funnel",
                allowed=("funnels", "SQLite", "DuckDB", "file in 8 parts", "Spark"),
            ),
            Column("events", "whole", "rows of the log", unit="events", allowed=(1, 10**9)),
            Column(
                "load_seconds",
                "number",
                "time to bring the log into memory or into the database",
                unit="processor seconds",
                allowed=(0, 10_000),
            ),
            Column(
                "count_seconds",
                "number",
                "time to count the funnel then",
                unit="processor seconds",
                allowed=(0, 10_000),
            ),
            Column(
                "memory",
                "whole",
                "the most memory that the process held, Python and libraries included",
                unit="MiB",
                allowed=(1, 1_000_000),
            ),
        ),
    ),
}

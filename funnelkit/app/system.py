"""The verb ``pipeline``: the whole system, run into a folder, or gone on with there."""

__all__ = ["add_options", "run_system"]


def add_options(verb):
    """Give a parser the options of the pipeline."""
    verb.add_argument("folder", help="a new folder for the run, or that of a run to go on with")
    verb.add_argument(
        "--tables", metavar="FOLDER", help="CSV files of the tables (default: the school's)"
    )
    verb.add_argument("--until", metavar="DATE", help="last day of the data, such as 2026-06-30")
    verb.add_argument(
        "--capacity", type=int, default=36, metavar="N", help="calls in a week (default: 36)"
    )
    verb.add_argument("--store", metavar="URL", help="the CRM's database, for several runs")
    verb.epilog = (
        "A run that was stopped goes on where it was, and no mail is noted twice. The page is "
        "report.html in the folder; nothing is sent anywhere."
    )


def run_system(options, others):
    """Run the steps that are not done yet, and say which they are."""
    from pathlib import Path

    from funnelkit import pipeline

    done = pipeline.run(
        options.folder,
        options.tables,
        observed_until=options.until,
        capacity=options.capacity,
        store=options.store,
        watch=lambda step: print(f"{step} …", flush=True),
    )
    skipped = (done["state"] == "done before").sum()
    if skipped:
        print(f"{skipped} of {len(done)} steps were done before.")
    print(f"Written: {Path(options.folder) / 'report.html'}. It opens in any browser.")
    return 0

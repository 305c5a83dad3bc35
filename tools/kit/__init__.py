"""The trainer's kit: pages in docs/kit/ that are made from the lessons, the tasks, the tracks.

`python -m tools.notebooks navigation` writes them, `check` says when one is not up to date. The
answer key takes longer, since each answer is computed: `python -m tools.kit` writes it as well.
"""

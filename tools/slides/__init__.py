"""Slides for a trainer, made from the lessons: `python start.py slides`.

`marks` decides what each cell of a lesson is on the slides and writes it into the notebook, as
Jupyter's own `slide_type`; `blocks` takes Markdown apart, `outputs` shows what a cell printed or
drew, `deck` makes slides of a marked lesson, `page` writes them for reveal.js, and `build` puts all
together.
"""

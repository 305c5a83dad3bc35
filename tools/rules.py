"""What a lesson must be: the rules that `python -m tools.notebooks check` and the tests hold it to.

Each rule is a function that takes a parsed notebook and the course it belongs to and yields
problems. A problem names the notebook, the cell (its number, counted from 1, and its id), what
is wrong and what to do. The list `RULES` at the end holds them all; a new rule is one more
function there.

The form of a lesson
--------------------
Navigation cells stand first and last; `notebooks.py navigation` writes them. Between them:

1. A cell that opens with `# NN · Title`, ending with the title in the metadata. Before the first
   code cell there are also: a bold phrase with the word "question" and a question mark; the
   minutes as in the metadata (`45–75 minutes`); a bold phrase that opens "You need" or "What you
   need"; and 🎯 (a block quote or a heading), followed by 3 to 5 list items that each open with a
   bold phrase, the objectives.
2. For each id in the metadata's `core`, a section whose heading cell has the cell metadata
   `{"funnelkit": {"core": id}}`. In it, in this order: words; the formula in `$$…$$` with a table
   `| Symbol | Meaning | Unit |` below it (or, for an algorithm, a numbered list of its steps); an
   example "by hand"; a short code cell; a code cell that asserts that funnelkit returns the same
   number; the data; words that read them; a block quote that opens with ⚠️.
3. At least one block quote that opens with 🔮, and code in the cell after it.
4. The headings `## Recap` (the same bold phrases as the objectives, one for one), `## Quiz` (three
   `<details>`), one with 🧭 (the decision memo) and `## Further reading` (items that open with a
   bold key from docs/references.md), in this order.

Lesson 00 greets the learner before there is anything to analyse, so it is exempt from the question,
"you need", the core sections, 🔮, the quiz, the decision memo and the further reading. It keeps
title, minutes, objectives and recap, and holds the table of contents.

Exercises share the rules about form, outputs, code and prose; those of their own are in
`exercise_rules.py`.
"""

from collections.abc import Callable, Iterator

from tools.notebook_model import Course, Notebook, Problem
from tools.rules_code import check_code, check_figures, check_typed_numbers
from tools.rules_course import check_concepts, check_links, check_tables
from tools.rules_form import check_executed, check_form, check_outputs, check_ruff, check_tags
from tools.rules_idiom import check_idiom
from tools.rules_lesson import (
    check_article_box,
    check_core,
    check_ending,
    check_metadata,
    check_opening,
    check_predict,
    check_reading,
    check_spelled_out,
)
from tools.rules_prose import check_given, check_maths, check_mermaid, check_numbers, check_signs
from tools.rules_sitting import (
    check_alternatives,
    check_headings,
    check_length,
    check_minutes,
    check_tracks,
)

__all__ = ["RULES", "Rule", "SHARED_RULES"]

Rule = Callable[[Notebook, Course], Iterator[Problem]]


# What lessons and solutions have in common.
SHARED_RULES: list[Rule] = [
    check_form,
    check_executed,
    check_outputs,
    check_ruff,
    check_code,
    check_tags,
    check_typed_numbers,
    check_figures,
    check_signs,
    check_mermaid,
    check_maths,
    check_numbers,
    check_given,
    check_links,
    check_idiom,
]


RULES: list[Rule] = [
    *SHARED_RULES,
    check_metadata,
    check_opening,
    check_predict,
    check_spelled_out,
    check_core,
    check_article_box,
    check_ending,
    check_reading,
    check_concepts,
    check_tables,
    check_length,
    check_minutes,
    check_headings,
    check_alternatives,
    check_tracks,
]

"""The exercises: what an answer is, how it is judged, and what a notebook shows of that.

========== =====================================================================
module     holds
========== =====================================================================
answers    how an answer leaves the notebook: one exact encoding, never pickle
kinds      the kinds of answers: number, text, table, function …
tasks      `Task` and its known `Mistake`
registry   which exercises and tasks there are; how a checks module is written
checks     one module per exercise
judging    where an answer meets its truth; the grader calls it too
proofs     what a task promises, tried
notebook   the three verbs `check`, `hint`, `progress`
========== =====================================================================
"""

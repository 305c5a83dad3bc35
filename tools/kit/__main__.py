"""Write the trainer's kit: `python -m tools.kit`.

Besides the pages that `python -m tools.notebooks navigation` writes, it computes the answer key,
which takes about a minute.
"""

import sys

from tools.exercise_rules import read_exercises
from tools.kit import answers
from tools.kit.pages import pages
from tools.notebook_model import read_course
from tools.notebooks import state_of_its_own


def main() -> int:
    """Write what is not up to date; return the exit status."""
    course = read_course()
    exercises = read_exercises(course)
    made = {path: make() for path, make in pages(course, exercises).items()}
    if answers.stale(course, exercises):
        with state_of_its_own():
            made[course.root / answers.PAGE] = answers.key(course, exercises)
    changed = 0
    for path, text in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(course.root).as_posix()}: written")
            changed += 1
    print(f"{len(made)} pages made, {changed} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

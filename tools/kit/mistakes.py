"""The page with the known mistakes of each task, as the check names them to the learner."""

from tools.exercise_rules import Exercise

__all__ = ["mistakes"]

HEAD = (
    "# What to watch for\n\n"
    "The mistakes that the checks know, with what they tell the learner. Walk round with this "
    "list: most of a room's questions are on it. It is made from the tasks."
)


def mistakes(exercises: list[Exercise]) -> str:
    """Return the whole page."""
    blocks = []
    for exercise in exercises:
        lines = []
        for task in exercise.tasks.values():
            if not task.mistakes:
                continue
            lines += ["", f"**{task.id} · {task.title}**", ""]
            for mistake in task.mistakes:
                said = " ".join(mistake.message.replace("{value}", "…").split())
                lines.append(f"- *{mistake.id.replace('-', ' ')}*: “{said}”")
        if lines:
            nb = exercise.solution
            blocks.append("\n".join([f"## {nb.number} · {nb.title}", *lines]))
    return "\n\n".join([HEAD, *blocks, ""])

"""A lesson as slides: what each cell puts on the screen, and what goes into the speaker's notes."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from tools.notebook_model import Cell, Notebook
from tools.notebook_text import words
from tools.slides import formulas, outputs
from tools.slides.blocks import Block, blocks, first_words, plain, sentences, word_count

__all__ = ["MOST", "Slide", "TYPES", "deck", "teaches"]

# Jupyter's own values of `slide_type`.
TYPES = ("slide", "subslide", "fragment", "skip", "notes")
MOST = 35  # slides of one lesson

# Sentences that lead from one cell to the next and say nothing on a slide.
EMPTY = re.compile(r"By hand|As by hand|Now |The same|Here |In code|And now")

POINTS_BACK = re.compile(
    r"(?:This|That|It|These|Those|Such|They|So|And|Or|But|Both|Its|Then)\b"
    r"|\W*(?:\w+\W+){1,3}(?:them|it|this|these|those)\b"
)
# What a text says where the code that follows is to be read.
READ_CODE = re.compile(r"the cell below|\bin code:|these (?:few )?lines|in (?:\w+ )?lines of", re.I)

ASK_NUMBER = "Let everybody write a number or an answer down, without a word. Then the next slide."
ASK_TRAP = "Before you read it out: who has met this? What did it cost?"
ASK_QUIZ = "A show of hands for each answer, then one voice for each: why?"
ASK_MEMO = "Pairs write their own in five minutes, then compare: same number, same decision?"


@dataclass
class Slide:
    """One slide.

    `title`, `body`, `line` (one sentence below an output) and `lead` (what is there if there is
    no such sentence) are Markdown; `shown` is HTML that is
    ready; `notes` are pairs of a label, which may be empty, and Markdown. `new` says whether a
    section begins here, `needed` whether an output answers a question or stands for a heading.
    `more` are parts that come at a click.
    """

    kind: str
    cell: str
    title: str = ""
    body: str = ""
    shown: str = ""
    line: str = ""
    lead: str = ""
    section: str = ""
    new: bool = False
    fragment: bool = False
    needed: bool = False
    notes: list[tuple[str, str]] = field(default_factory=list)
    more: list["Slide"] = field(default_factory=list)

    def note(self, text: str, label: str = "") -> None:
        """Add to the notes what is not there yet."""
        if text.strip() and (label, text) not in self.notes:
            self.notes.append((label, text))


def deck(
    nb: Notebook,
    types: Mapping[str, str],
    *,
    by_hand: Container[str] = (),
    exercise: Notebook | None = None,
) -> list[Slide]:
    """Return the slides of a lesson.

    Parameters
    ----------
    nb : Notebook
        The lesson.
    types : mapping
        By cell id what the cell is on the slides, one of `TYPES`; where it says nothing, the rules
        decide.
    by_hand : container of str
        The ids of the cells of which somebody has said so: they are shown even if they are large.
    exercise : Notebook, optional
        What the last slide sends the learners to.
    """
    maker = _Maker(nb, types, by_hand)
    for cell in nb.cells:
        maker.add(cell)
    if exercise is not None:
        maker.your_turn(exercise)
    for slide in maker.slides:
        slide.line = slide.line or slide.lead
        if slide.kind == "answer" and not slide.shown:  # too large: what the text says of it
            slide.body, slide.line = slide.line, ""
    made: list[Slide] = []
    for slide in maker.slides:
        if not (slide.body or slide.shown):
            continue
        if slide.fragment and made:
            made[-1].more.append(slide)
        else:
            made.append(slide)
    return made


def teaches(cell: Cell) -> bool:
    """Return whether a text cell opens one of the lesson's core formulas or algorithms."""
    return "core" in cell.metadata.get("funnelkit", {})


def bold_sentences(text: str, before: str = "") -> list[str]:
    """Return the sentences of a paragraph in which a term or a rule is printed bold.

    One that points back ("This is …") takes along the sentence before it, which may be the last
    one of the paragraph `before`; bold words that open a paragraph like a heading, the one after.
    """
    said, found = sentences(text), []
    for at, one in enumerate(said):
        if not re.search(r"\*\*.+?\*\*", one):
            continue
        last = said[at - 1] if at else (sentences(before) or [""])[-1]
        if re.fullmatch(r"\*\*[^*]+\*\*", one):
            found.append(" ".join(said[at : at + 2]))
        elif found and one in found[-1]:
            continue
        elif POINTS_BACK.match(one) and last and last not in " ".join(found):
            found.append(f"{last} {one}")
        else:
            found.append(one)
    return found


class _Maker:
    """Makes the slides of a lesson, cell by cell."""

    def __init__(self, nb: Notebook, types: Mapping[str, str], by_hand: Container[str]) -> None:
        self.nb, self.types, self.by_hand = nb, types, by_hand
        self.slides: list[Slide] = []
        self.section = ""  # the heading that is in force
        self.chapter = ""  # the heading of the second level above it
        self.waiting: list[Block] = []  # a heading and its text, for the next output's slide
        self.question = ""  # a prediction that is not answered yet
        self.core = False  # whether code that shows how a core formula works is to come
        self.told = ""  # the id of the code cell whose output is on the last slide
        self.new = False  # whether the next slide begins a section
        self.type: str | None = None  # what the cell at hand is
        self.hand = False  # whether somebody has said so

    # -----------------------------------------------------------------------------------------
    # Cells
    # -----------------------------------------------------------------------------------------

    def add(self, cell: Cell) -> None:
        """Add the slides of one cell."""
        self.type, self.hand = self.types.get(cell.id), cell.id in self.by_hand
        before = len(self.slides)
        if cell.kind == "code":
            self.code(cell)
        elif cell.kind == "markdown":
            self.text(cell)
        if self.type in ("slide", "subslide") and len(self.slides) > before:
            self.slides[before].new = self.type == "slide"
        if self.type == "fragment" and len(self.slides) > before:
            self.slides[before].fragment = True

    def put(self, slide: Slide) -> Slide:
        """Add a slide; it begins a section if a heading has just been met."""
        slide.section, slide.new = self.section, self.new
        self.new = False
        self.slides.append(slide)
        return slide

    def text(self, cell: Cell) -> None:
        """Add the slides of a text cell."""
        parts = [block for block in blocks(cell.source) if block.kind != "comment"]
        if cell.role or self.type == "skip" or not parts:
            self.told = ""
            return
        if parts[0].kind == "heading" and parts[0].level == 1:
            self.opening(cell, parts)
        elif self.type == "notes":
            self.only_notes(parts)
        else:
            for group in groups(parts):
                self.group(cell, group)
        self.core = self.core or teaches(cell) or bool(READ_CODE.search(parts[-1].text))
        self.told = ""

    def only_notes(self, parts: list[Block]) -> None:
        """Put the text of a cell into the notes: of the next slide, if it opens with a heading."""
        for group in groups(parts):
            if group[0].kind == "heading":
                self.meet(group[0])
                self.waiting = group
            elif self.slides:
                self.read(group)

    def group(self, cell: Cell, group: list[Block]) -> None:
        """Add the slides of a heading and what is below it, of a call-out, or of other text."""
        first = group[0]
        if first.kind == "call-out":
            self.call_out(cell, group)
            return
        if first.kind == "heading":
            self.meet(first)
            title = first.title
            if re.match(r"(?:🧭 )?Decision memo|Further reading", title):
                return
            if title == "Quiz":
                self.quiz(cell, group[1:])
                return
            if title == "Recap":
                self.recap(cell, group[1:])
                return
        self.teach(cell, group)

    def meet(self, heading: Block) -> None:
        """Note a heading: a question before it is settled, and a section begins."""
        if heading.level <= 2:
            self.chapter, self.new = heading.title, True
        alike = heading.title == "The data" and heading.level > 2
        self.section = f"{self.chapter}: the data" if alike else heading.title
        self.question, self.waiting = "", []

    # -----------------------------------------------------------------------------------------
    # Text that teaches
    # -----------------------------------------------------------------------------------------

    def teach(self, cell: Cell, group: list[Block]) -> None:
        """Show of a group the bold sentence and what is drawn or set apart; the rest is notes."""
        heading = group[0] if group[0].kind == "heading" else None
        rest = group[1:] if heading else group
        opens = next((at for at, b in enumerate(rest) if self.shows(b, heading)), len(rest))
        texts = [block for block in rest[:opens] if block.kind == "text"]
        above = ["", *(block.text for block in texts)]
        bold = [s for b, a in zip(texts, above, strict=False) for s in bold_sentences(b.text, a)]
        article = self.section.startswith("What the article says")
        bare = heading and not (bold or article or self.hand) and opens == len(rest)
        if bare and self.output_follows(cell, group):  # its text goes with the output
            self.waiting = group
            return
        if not heading:
            self.read(rest[:opens])
        statement = self.statement(heading, texts, bold)
        if statement.endswith(":") and not bold and opens < len(rest):
            statement = ""  # it only announces what has a slide of its own
        made = None
        said = self.slides[-1].line if self.slides else ""
        if statement and plain(statement) not in plain(said):
            made = self.put(Slide("idea", cell.id, title=self.section, body=statement))
            for block in rest[:opens]:
                made.note(block.text)
        self.show(cell, rest[opens:], made, heading)

    def output_follows(self, cell: Cell, group: list[Block]) -> bool:
        """Return whether right below a group there is an output that a slide shows."""
        last = [b for b in blocks(cell.source) if b.kind != "comment"][-1]
        if group[-1] != last:
            return False
        for other in self.nb.cells[cell.number :]:
            if other.kind != "code":
                break
            shown = outputs.figure(other) or outputs.printed(other)
            if shown and self.types.get(other.id) != "skip":
                return True
        return False

    def statement(self, heading: Block | None, texts: list[Block], bold: list[str]) -> str:
        """Return the one thing that a slide says of these paragraphs."""
        if bold:
            return first_words(bold, 46)
        if heading and texts:
            most = 60 if heading.title.startswith("What the article says") else 36
            return first_words(sentences(texts[0].text), most)
        if self.hand and texts:
            return first_words(sentences(texts[0].text), 36)
        return ""

    def shows(self, block: Block, heading: Block | None) -> bool:
        """Return whether a block has a place of its own on a slide."""
        if block.kind == "table":
            return outputs.markdown_table(block.text, height=470) is not None
        if block.kind == "list":
            return bool(heading) and 1 < len(items(block)) <= 6 and word_count(block.text) <= 90
        return block.kind in ("formula", "diagram")

    def show(
        self, cell: Cell, rest: list[Block], made: Slide | None, heading: Block | None
    ) -> None:
        """Add the slides of formulas, tables, lists and diagrams, and the notes between them."""
        term = ""
        for at, block in enumerate(rest):
            if not self.shows(block, heading):
                if made:
                    made.note(block.text)
                term = (bold_sentences(block.text) or [""])[-1] if block.kind == "text" else term
                continue
            symbols = block.kind == "table" and re.match(r"\|\s*Symbols?\s*\|", block.text)
            if symbols and made and made.kind == "formula" and self.has_room(made, block):
                made.body += f"\n\n{block.text}"
                continue
            alone = block.kind in ("diagram", "table")
            if made and made.kind == "idea" and not alone and self.fits(made, block, rest, at):
                made.kind = "formula" if block.kind == "formula" else "list"
                made.body += f"\n\n{block.text}"
                continue
            title = "The symbols" if symbols else self.section
            made = self.put(Slide(block.kind, cell.id, title=title, body=block.text))
            if term:
                made.line, term = first_words([term], 40) if word_count(term) <= 40 else "", ""

    def fits(self, made: Slide, block: Block, rest: list[Block], at: int) -> bool:
        """Return whether a formula or a list finds a place below a statement."""
        if block.kind == "list":
            return word_count(made.body) + word_count(block.text) <= 72
        after = rest[at + 1] if at + 1 < len(rest) else None
        lines = 1 + word_count(made.body) // 9
        room = 500 - 50 * lines - formulas.height(block.text.strip("$"))
        return room > 0 and not (after and after.kind == "table")

    def has_room(self, made: Slide, table: Block) -> bool:
        """Return whether a table of symbols finds a place below the formula."""
        if not made.body.startswith("$$") or made.body.count("$$") != 2:
            return False
        return outputs.markdown_table(table.text, height=formulas.room_below(made.body)) is not None

    # -----------------------------------------------------------------------------------------
    # Text that reads an output
    # -----------------------------------------------------------------------------------------

    def read(self, group: list[Block]) -> None:
        """Put what a text says of the output above it below that, and into the notes."""
        if not self.slides:
            return
        last = self.slides[-1]
        texts = [block.text for block in group if block.kind == "text"]
        if self.told and texts and last.kind in ("output", "answer") and not last.line:
            said = [one for one in sentences(texts[0]) if not one.endswith(":")]
            line = first_words(said, 40)
            last.line = line if word_count(line) <= 46 else ""
        for block in group:
            if block.kind in ("text", "list", "formula"):
                last.note(block.text)

    # -----------------------------------------------------------------------------------------
    # Code
    # -----------------------------------------------------------------------------------------

    def code(self, cell: Cell) -> None:
        """Add the slide of a code cell: its figure, its output, or itself where it is the idea."""
        if self.type in ("skip", "notes"):
            self.core = self.core and not cell.source.strip()
            return
        asked, waiting = self.question, self.waiting
        drawn = outputs.figure(cell)
        text = outputs.printed(cell) or (outputs.printed(cell, anyhow=True) if self.hand else "")
        if not (drawn or text or asked and cell.outputs):
            return
        idea = self.core or re.search(r"\bSELECT\b", cell.source)
        shown, taken = outputs.code(cell.source) if idea and not asked else ("", 0)
        if drawn:
            slide = Slide("figure", cell.id, shown=drawn)
        elif shown:
            below = outputs.printed(cell, height=outputs.HEIGHT + 40 - taken)
            slide = Slide("code", cell.id, title=self.section, shown=f"{shown}\n{below}")
        else:
            slide = Slide("answer" if asked else "output", cell.id, shown=text)
            slide.title = last_question(asked) if asked else self.section
        self.core = False
        slide.needed = bool(waiting or asked)
        below = [block.text for block in waiting[1:] if block.kind == "text"]
        if below and not asked:  # until the text has something to say of the output
            slide.lead = first_words([s for s in sentences(below[0]) if not s.endswith(":")], 36)
        self.put(slide)
        if asked:
            slide.note(asked, "They predicted.")
        for block in waiting[1:]:
            slide.note(block.text)
        self.question, self.waiting, self.told = "", [], cell.id

    # -----------------------------------------------------------------------------------------
    # Call-outs, and the parts that every lesson has
    # -----------------------------------------------------------------------------------------

    def opening(self, cell: Cell, parts: list[Block]) -> None:
        """Add the title and the objectives."""
        texts = [block for block in parts if block.kind == "text"]
        question = next((b.text for b in texts if "business question" in b.text), texts[0].text)
        needs = next((b.text for b in texts if "**You need**" in b.text), "")
        question = re.sub(r"\*\*The business question\.\*\*\s*", "", question)
        if word_count(question) > 70:
            parts_of = sentences(question)
            asks = [one for one in parts_of if "?" in one]
            question = " ".join(asks) if asks else first_words(parts_of, 60)
        self.section, self.new = "", True
        slide = self.put(Slide("title", cell.id, title=self.nb.title, body=question))
        low, high = self.nb.info.get("minutes", [0, 0])
        slide.line = f"{low}–{high} minutes"
        for block in texts:
            slide.note(block.text)
        aims = next((block for block in parts if block.sign == "🎯"), None)
        listed = next((block for block in parts if block.kind == "list"), None)
        if aims and listed:
            title = f"🎯 {aims.title}"
            made = self.put(Slide("list", cell.id, title=title, body=listed.text))
            made.note(needs)

    def call_out(self, cell: Cell, group: list[Block]) -> None:
        """Add the slide of a prediction, a trap or a memo; text below it is notes."""
        block = group[0]
        if block.sign == "🔮":
            line = self.context(cell, block)
            slide = Slide("question", cell.id, title="🔮 Predict first", body=block.body, line=line)
            self.put(slide)
            slide.note(ASK_NUMBER, "Ask.")
            self.question = block.body
        elif block.sign == "🧭":
            slide = self.put(Slide("memo", cell.id, title="🧭 Decision memo"))
            slide.body = memo(block)
            slide.note(ASK_MEMO, "Ask.")
            slide.note(block.text.removeprefix("🧭").strip())
        else:
            slide = self.put(Slide("trap", cell.id, title=f"⚠️ {block.title}"))
            slide.body = first_words(sentences(block.body), 60)
            slide.note(ASK_TRAP, "Ask.")
            slide.note(block.body, "The trap.")
        for other in [*self.waiting[1:], *group[1:]]:
            slide.note(other.text)
        self.waiting = []
        texts = [other.text for other in group[1:] if other.kind == "text"]
        bold = [one for text in texts for one in bold_sentences(text)]
        if bold and block.sign != "🔮":
            self.put(Slide("idea", cell.id, title=self.section, body=first_words(bold, 46)))

    def context(self, cell: Cell, block: Block) -> str:
        """Return what a question is about, of the paragraph before it.

        What reads the output above is repeated only for a question that would not be understood
        without it.
        """
        parts = [b for b in blocks(cell.source) if b.kind != "comment"]
        at = parts.index(block)
        before = parts[at - 1] if at else None
        if before is None or before.kind != "text" or word_count(block.body) > 60:
            return ""
        leans = word_count(block.body) < 14 or re.search(
            r"\b(?:those|these|them|they)\b", block.body
        )
        reads = cell.number > 1 and self.nb.cells[cell.number - 2].kind == "code"
        if at == 1 and reads and not leans:
            return ""
        seen = plain(self.slides[-1].body) if self.slides else ""
        taken: list[str] = []
        for one in reversed(sentences(before.text)):
            if EMPTY.match(one) or one.endswith(":") or plain(one) in seen:
                continue
            if word_count(" ".join([one, *taken])) > 36:
                break
            taken.insert(0, one)
        return " ".join(taken)

    def recap(self, cell: Cell, parts: list[Block]) -> None:
        """Add the recap."""
        listed = next((block for block in parts if block.kind == "list"), None)
        if listed is None:
            return
        slide = self.put(Slide("list", cell.id, title="Recap", body=listed.text))
        if word_count(listed.text) > 110:
            slide.body = "\n".join(f"- {first_words(sentences(one), 1)}" for one in items(listed))
            slide.note(listed.text)
        slide.note("Cover the right half: who can say each one in their own words?", "Ask.")
        for block in parts:
            if block is not listed:
                slide.note(block.text)

    def quiz(self, cell: Cell, parts: list[Block]) -> None:
        """Add a slide for each question; its answer is in the notes."""
        slide, number = None, 0
        total = sum(block.kind == "fold" for block in parts)
        for block in parts:
            if block.kind == "fold" and slide:
                answer = re.sub(r"<summary>.*?</summary>|</?details>", "", block.text)
                slide.note(ASK_QUIZ, "Ask.")
                slide.note(answer.strip(), "Answer.")
                slide = None
            elif block.kind != "fold":
                if slide is None:
                    number += 1
                    slide = self.put(Slide("quiz", cell.id, title=f"Quiz · {number} of {total}"))
                text = re.sub(r"^\*\*\d+\.\s*", "**", block.text)
                slide.body = f"{slide.body}\n\n{text}".strip()

    def your_turn(self, exercise: Notebook) -> None:
        """Add the last slide."""
        tasks = [cell for cell in exercise.markdown if re.match(r"##+ \d+\.\d+", cell.source)]
        low, high = exercise.info.get("minutes", [0, 0])
        titles = [cell.source.splitlines()[0].lstrip("# ").strip() for cell in tasks]
        self.section, self.new = "", True
        slide = self.put(Slide("list", "exercise", title="📝 Your turn"))
        slide.line = f"{low}–{high} minutes · `exercises/{exercise.path.name}`"
        slide.body = "\n".join(f"- {title}" for title in titles[:7])
        slide.note(
            "`hint` gives up to three hints for each task; `progress()` shows what is solved."
        )


def last_question(asked: str) -> str:
    """Return the question that a prediction ends with, but not a mere "Why?"."""
    said = sentences(asked)
    alone = word_count(said[-1]) > 3 and not re.match(r"(?:And|Or|But|By|Why)\b", said[-1])
    return said[-1] if alone else " ".join(said[-2:])


def groups(parts: list[Block]) -> list[list[Block]]:
    """Return the blocks of a cell in groups: each heading and each call-out opens one."""
    found: list[list[Block]] = []
    for block in parts:
        if not found or block.kind in ("heading", "call-out"):
            found.append([])
        found[-1].append(block)
    return found


def items(block: Block) -> list[str]:
    """Return the items of a list."""
    return re.split(r"\n(?=(?:[-*+]|\d+[.)])\s)", block.text)


def memo(block: Block) -> str:
    """Return of a memo whom it is for, what it decides, and what would change that."""
    said = sentences(block.body)
    change = [one for one in said if "change our mind" in one.lower()]
    text = f"**{block.title}.** {first_words(said, 60)}"
    return "\n\n".join([text, *change[:1]])


def reading(cell: Cell) -> int:
    """Return how many words of a text cell are about the output above it."""
    if cell.kind != "markdown":
        return 0
    first = next(iter(groups([b for b in blocks(cell.source) if b.kind != "comment"])), [])
    if not first or first[0].kind in ("heading", "call-out"):
        return 0
    return len(words("\n\n".join(block.text for block in first)))

"""Formulas: how large they can be on a slide, and how they are said in the notes."""

import re

__all__ = ["FORMULA", "height", "laid_out", "letters", "room_below", "spoken", "wide"]

FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
WIDTH = 1140
LARGEST, USUAL, SMALLEST = 56, 42, 27
NO_WIDTH = r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|text|math\w+|operatorname|hat|bar|[,;:! ])"

# How a command is written in plain text.
WORDS = {
    name: sign
    for pair in (
        "alpha α,beta β,gamma γ,delta δ,epsilon ε,zeta ζ,eta η,theta θ,kappa κ,lambda λ,mu μ,nu ν",
        "pi π,rho ρ,sigma σ,tau τ,phi φ,chi χ,psi ψ,omega ω,Delta Δ,Gamma Γ,Sigma Σ,Phi Φ,Pi Π",
        "cdot ·,times ×,le ≤,leq ≤,ge ≥,geq ≥,ne ≠,neq ≠,approx ≈,pm ±,sim ~,propto ∝,infty ∞",
        "sum Σ,prod Π,int ∫,partial ∂,in ∈,notin ∉,cup ∪,cap ∩,mid |,to →,leftarrow ←,top ᵀ",
        "lvert |,rvert |,varphi φ,lfloor ⌊,rfloor ⌋,cdots …,dots …,ldots …",
        "quad  ,qquad  ,prime ′,ast *,ell ℓ",
    )
    for name, _, sign in (one.partition(" ") for one in pair.split(","))
}
HIGH = str.maketrans("0123456789+-n*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ*")


def spoken(formula: str) -> str:
    r"""Return a formula in one line of plain text, for the notes, which MathJax does not reach.

    >>> spoken(r"\sqrt{\frac{p(1-p)}{n}}"), spoken(r"\hat\theta_k \le x^2"), spoken(r"\frac{1}{2}")
    ('√(p(1-p)/n)', 'θ_k ≤ x²', '1/2')
    """
    text = formula.strip().strip("$").strip()
    text = re.sub(
        r"\\(?:text|mathrm|mathbf|mathit|operatorname|hat|bar|tilde|vec)\s*(?=\{)", "", text
    )
    text = re.sub(
        r"\\(?:hat|bar|tilde|left|right|bigl|bigr|Bigl|Bigr|big|Big|displaystyle)\b\s*", "", text
    )
    text = re.sub(r"\\([,;:! ])", " ", text).replace(r"\tfrac", r"\frac")
    for _ in range(4):  # from the inside out
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", _fraction, text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"√(\1)", text)
        text = re.sub(r"(?<![\\\w}])\{([^{}]*)\}", r"\1", text)
        text = re.sub(r"\^\{([^{}]*)\}", lambda m: _raised(m[1]), text)
        text = re.sub(r"_\{([^{}]*)\}", r"_\1", text)
    text = re.sub(r"\^([0-9*])", lambda m: _raised(m[1]), text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: WORDS.get(m[1], m[1]), text)
    text = (
        text.replace("\\#", "#")
        .replace("\\{", "{")
        .replace("\\}", "}")
        .replace("\\%", "%")
        .replace("\\\\", "; ")
    )
    return " ".join(text.split()).replace("( ", "(")


def _fraction(match: re.Match) -> str:
    above, below = (
        part if re.fullmatch(r"[\w.,\\]+|\w+\([^()]*\)|\\?\w+\s?\w", part.strip()) else f"({part})"
        for part in match.groups()
    )
    return f" {above}/{below}"


def _raised(text: str) -> str:
    return text.translate(HIGH) if re.fullmatch(r"[0-9+\-n*]+", text) else f"^({text})"


# ---------------------------------------------------------------------------------------------
# How large
# ---------------------------------------------------------------------------------------------


def parts(formula: str) -> list[str]:
    """Return the parts of a formula that may be on lines of their own."""
    pieces = [piece.strip().rstrip(",;") for piece in re.split(r"\\q?quad\b", formula.strip())]
    if "\\begin" in formula or not all(_balanced(piece) for piece in pieces):
        return [formula.strip()]
    joined: list[str] = []
    for piece in pieces:
        # A condition stays on the line of what it is about.
        if joined and re.match(r"\\text\{\s*(?:if|for|and|with|where|or)\b", piece):
            joined[-1] += rf"\quad {piece}"
        elif piece:
            joined.append(piece)
    return joined


def _balanced(piece: str) -> bool:
    return all(piece.count(a) == piece.count(b) for a, b in ("{}", "()", ("\\left", "\\right")))


def wide(formula: str) -> float:
    r"""Return about how wide a formula is, in heights of its letters.

    >>> wide("x + y") < wide(r"\frac{x + y}{2} + z") < wide(r"x + y + \text{all the others}")
    True
    """
    text = re.sub(NO_WIDTH, "", formula)
    longest = lambda m: max(m.groups(), key=len)  # noqa: E731
    for _ in range(4):
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", longest, text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"x\1", text)
        text = re.sub(r"[_^]\{([^{}]*)\}", lambda m: m[1][: (2 * len(m[1]) + 2) // 3], text)
        text = re.sub(r"(?<!\\)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\qquad", "mmmm", text)
    text = re.sub(r"\\quad", "mm", text)
    text = re.sub(r"\\(?:log|ln|exp|max|min|Pr)\b", "mmm", text)
    text = re.sub(r"\\[A-Za-z]+|\\.", "m", text)
    text = re.sub(r"[_^]", "", text)
    signs = len(re.findall(r"[=+<>|−-]|(?<!\d)/", text))
    return 1.06 * (0.52 * len(re.sub(r"\s", "", text)) + 0.75 * signs)


def lines(formula: str) -> list[str]:
    """Return the lines in which a formula is set: one, if that can be large enough."""
    pieces = parts(formula)
    whole = sum(wide(piece) for piece in pieces) + 2 * (len(pieces) - 1)
    return pieces if whole * USUAL > WIDTH else [r" \qquad ".join(pieces)]


def letters(formula: str, *, alone: bool = False) -> int:
    """Return how high the letters of a formula can be, in pixels."""
    widest = max(wide(line) for line in lines(formula))
    most = LARGEST if alone and len(lines(formula)) < 3 else USUAL
    return int(max(SMALLEST, min(most, WIDTH / widest)))


def height(formula: str, *, alone: bool = False) -> int:
    """Return about how high a formula is, in pixels."""
    return int(letters(formula, alone=alone) * sum(_tall(line) for line in lines(formula)))


def _tall(line: str) -> float:
    """Return about how high a line of a formula is, in heights of its letters."""
    large = r"\\(?:t?frac|sum|prod|int|max_|min_)"
    if re.search(rf"\\sqrt\{{.*{large}|\\frac\{{[^{{}}]*{large}|\\frac\{{{large}", line):
        return 4.2
    return 3.1 if re.search(large, line) else 1.7


def laid_out(formula: str) -> str:
    """Return a formula with its parts below each other where they need it."""
    rows = lines(formula)
    if len(rows) == 1:
        return rows[0]
    inside = r" \\[0.35em] ".join(f"& {row}" for row in rows)
    return rf"\begin{{aligned}} {inside} \end{{aligned}}"


def room_below(body: str) -> int:
    """Return how many pixels the formulas and the words of a slide leave for a table."""
    formulas = FORMULA.findall(body)
    return 520 - sum(height(one) + 20 for one in formulas) if formulas else 470

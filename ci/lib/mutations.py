"""Small changes to C++ source, as somebody makes them by mistake: where one can be made, and what the line is then.

They are found by what a line looks like, and so only where the project's formatting says what is what: operators stand
between blanks, a statement begins a line. What does not compile is for the compiler to refuse.
"""

import difflib
import re
from typing import NamedTuple

LEFT_OUT = re.compile(r"^\s*#|^\s*\+\+[\w.>-]*stat\.|\"|KASSERT|static_assert|\bpanic\(|^\s*(using|namespace|template|constexpr|inline|extern)\b")
BEGINS = re.compile(r"[;{}:]$|\)$|\belse$|^$")  # how the line before a statement ends
STATEMENT = re.compile(r"^(\s+)((?!return |case |default:)[^\s].*;)$")
CONDITION = re.compile(r"\bif \((?!.*;.*\) )(.+?)\)(?= [^&|)]|$)")
NUMBER = re.compile(r"(?<![\w.'])\d+(?![\w.'])")
SWAPS = {
    "comparison": (re.compile(r"(?<= )(<=|>=|==|!=|<|>)(?= )"), {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}),
    "logic": (re.compile(r"(?<= )(&&|\|\|)(?= )"), {"&&": "||", "||": "&&"}),
    "sum": (re.compile(r"(?<= )([+-]=?)(?= )"), {"+": "-", "-": "+", "+=": "-=", "-=": "+="}),
    "sequence": (re.compile(r"\bseq_(?:lt|leq|gt|geq|min|max)(?=\()"),
                 {"seq_lt": "seq_leq", "seq_leq": "seq_lt", "seq_gt": "seq_geq", "seq_geq": "seq_gt",
                  "seq_min": "seq_max", "seq_max": "seq_min"}),
}
KINDS = ("statement", "condition", "number", *SWAPS)


class Mutation(NamedTuple):
    kind: str
    line: int  # from 1
    before: str  # the whole line
    after: str


def is_balanced(text):
    return all(text.count(a) == text.count(b) for a, b in ("()", "{}", "[]"))


def of_line(code, previous):
    """(kind, the line then), for each change that can be made to it."""
    statement = STATEMENT.match(code)
    if statement and BEGINS.search(previous) and is_balanced(code):
        yield "statement", f"{statement[1]};"
    condition = CONDITION.search(code)
    if condition and is_balanced(condition[1]):
        yield "condition", f"{code[: condition.start(1)]}!({condition[1]}){code[condition.end(1) :]}"
    for m in NUMBER.finditer(code):
        yield "number", f"{code[: m.start()]}{int(m[0]) + 1}{code[m.end() :]}"
    for kind, (pattern, instead) in SWAPS.items():
        for m in pattern.finditer(code):
            yield kind, f"{code[: m.start()]}{instead[m[0]]}{code[m.end() :]}"


def of(text):
    """All that can be made to a source text, one at a time."""
    previous = ""
    for number, line in enumerate(text.split("\n"), 1):
        code = line.split("//")[0].rstrip()
        if not LEFT_OUT.search(code):
            yield from (Mutation(kind, number, line, after) for kind, after in of_line(code, previous))
        if code or not line.strip():  # a comment between two statements is nothing
            previous = code


def as_patch(file, text, mutation):
    """As `patch -p1` takes it, with three lines around."""
    lines = text.split("\n")
    assert lines[mutation.line - 1] == mutation.before
    changed = [*lines]
    changed[mutation.line - 1] = mutation.after
    return "\n".join(difflib.unified_diff(lines, changed, f"a/{file}", f"b/{file}", lineterm="")) + "\n"

"""TCP's cells as tables of HTML: in how many scenarios which events have met which states, and in which circumstances."""

import html
import math

STYLE = """
table.cells { border-collapse: collapse; font-size: .8rem } table.cells th { font-weight: 400; text-align: left; padding: .1rem .4rem }
table.cells thead th { writing-mode: vertical-rl; transform: rotate(180deg) }
table.cells td { width: 3.2rem; text-align: right; padding: .1rem .4rem; border: 1px solid #fff; font-variant-numeric: tabular-nums }
table.cells td.none { background: #f2f2f2 }
"""


def added(cells):
    """Of several targets' corpora, as kyufuzz cells --json has each; None where there is none."""
    total = None
    for c in cells:
        total = c["tables"] if total is None else [sum_of(a, b) for a, b in zip(total, c["tables"])]
    return None if total is None else {"tables": total}


def sum_of(one, other):
    return dict(one, counts=[[a + b for a, b in zip(x, y)] for x, y in zip(one["counts"], other["counts"])])


def reached(cells):
    return sum(n > 0 for table in cells["tables"] for row in table["counts"] for n in row)


def size(cells):
    return sum(len(table["rows"]) * len(table["columns"]) for table in cells["tables"])


def shade(count, most):
    share = math.log1p(count) / math.log1p(most)
    return f"background: hsl(210 60% {94 - 50 * share:.0f}%); color: {'#fff' if share > 0.6 else '#1a1a1a'}"


def tables(cells):
    if cells is None:
        return "<p>not yet</p>"
    return "\n".join(table_of(t) for t in cells["tables"]) + f"<p>{reached(cells)} of {size(cells)} cells; some cannot be reached.</p>"


def table_of(table):
    most = max((n for row in table["counts"] for n in row), default=0)
    head = "".join(f"<th>{html.escape(c)}</th>" for c in table["columns"])
    rows = []
    for name, counts in zip(table["rows"], table["counts"]):
        tds = "".join(f'<td style="{shade(n, most)}">{n}</td>' if n else '<td class="none"></td>' for n in counts)
        rows.append(f"<tr><th>{html.escape(name)}</th>{tds}</tr>")
    body = "\n".join(rows)
    return (f"<h3>{html.escape(table['title'])}</h3>\n"
            f'<table class="cells"><thead><tr><th></th>{head}</tr></thead>\n{body}</table>')

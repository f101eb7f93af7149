"""TCP state x event as a table of HTML: in how many scenarios each has met each."""

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
        counts = c["counts"]
        if total is None:
            total = dict(c, counts=[list(row) for row in counts])
        else:
            total["counts"] = [[a + b for a, b in zip(x, y)] for x, y in zip(total["counts"], counts)]
    return total


def reached(cells):
    return sum(n > 0 for row in cells["counts"] for n in row)


def shade(count, most):
    share = math.log1p(count) / math.log1p(most)
    return f"background: hsl(210 60% {94 - 50 * share:.0f}%); color: {'#fff' if share > 0.6 else '#1a1a1a'}"


def table(cells):
    if cells is None:
        return "<p>not yet</p>"
    most = max((n for row in cells["counts"] for n in row), default=0)
    head = "".join(f"<th>{html.escape(s)}</th>" for s in cells["states"])
    rows = []
    for e, event in enumerate(cells["events"]):
        counts = [row[e] for row in cells["counts"]]
        tds = "".join(f'<td style="{shade(n, most)}">{n}</td>' if n else '<td class="none"></td>' for n in counts)
        rows.append(f"<tr><th>{html.escape(event)}</th>{tds}</tr>")
    body = "\n".join(rows)
    return (f'<table class="cells"><thead><tr><th></th>{head}</tr></thead>\n{body}</table>\n'
            f"<p>{reached(cells)} of {len(cells['states']) * len(cells['events'])} cells; some cannot be reached.</p>")

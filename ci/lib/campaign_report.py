"""How a campaign goes: on the terminal, and as a page with plots."""

import html
import os
import sys

import cells_page
from command import write_whole
from journal import Journal

COLOURS = {"fuzz_stack": "#1f5fa8", "fuzz_api": "#b3541e", "fuzz_packet": "#2f7d3b", "fuzz_schedule": "#7a3fa0",
           "fuzz_pair": "#a0522d"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 240, 64, 28, 12
MOST_POINTS = 400  # of a line
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
table.list { border-collapse: collapse; width: 100% } .list th, .list td { text-align: left; padding: .3rem .75rem; border-bottom: 1px solid #ddd }
.list .number { text-align: right; font-variant-numeric: tabular-nums } .new { color: #a3211b; font-weight: 600 }
svg { max-width: 100% } svg text { font: 12px system-ui, sans-serif; fill: #444 } code { overflow-wrap: anywhere }
"""


def samples_of(out):
    """All of the history."""
    return [s for s in history_of(out).records() if "seconds" in s and "pairs" in s]


def history_of(out):
    return Journal(out / "history.jsonl")


def clock(seconds):
    seconds = round(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def since(summary, what):
    at = summary["last_new"].get(what)
    return "never" if at is None else clock(summary["seconds"] - at)


# --- the terminal


def show(summary, rates):
    """The whole picture where somebody looks, else a line."""
    new = sum(b["known_as"] is None for b in summary["buckets"])
    found = f"{len(summary['buckets'])} findings ({new} new) in {summary['crashes']} crashes"
    if not sys.stderr.isatty():
        execs = sum(p["execs"] for p in summary["pairs"].values())
        inputs = sum(summary["corpus"].values())
        print(f"ci/campaign: {clock(summary['seconds'])}  {execs:,} execs  {sum(rates.values()):,}/s  {inputs} inputs  "
              f"{summary['cells']} cells  {found}  new input {since(summary, 'input')} ago", file=sys.stderr, flush=True)
        return
    lines = [f"campaign  {clock(summary['seconds'])}", "", f"{'target':14}{'engine':11}{'time':>9}{'execs':>15}{'exec/s':>9}{'edges':>7}{'inputs':>8}"]
    for pair, p in sorted(summary["pairs"].items()):
        target, engine = pair.split("/")
        rate = f"{rates[pair]:,}" if pair in rates else ""
        lines.append(f"{target:14}{engine:11}{clock(p['seconds']):>9}{p['execs']:>15,}{rate:>9}{p['edges']:>7}{summary['corpus'][target]:>8}")
    lines += ["", f"{summary['cells']} cells of TCP", found]
    lines += [f"  {b['count']:5}  {b['known_as'] or 'NEW':32} {b['signature']}" for b in summary["buckets"][:10]]
    lines += ["", f"last new: edge {since(summary, 'edge')} ago, input {since(summary, 'input')} ago, finding {since(summary, 'finding')}"
                  + (" ago" if summary["last_new"].get("finding") is not None else "")]
    columns = os.get_terminal_size(sys.stderr.fileno()).columns
    sys.stderr.write("\x1b[H\x1b[2J" + "\n".join(l[:columns] for l in lines) + "\n")
    sys.stderr.flush()


def tell(summary, out):
    """At the end; the exit status."""
    execs = sum(p["execs"] for p in summary["pairs"].values())
    print(f"{execs:,} executions in {clock(summary['seconds'])}; {sum(summary['corpus'].values())} inputs, {summary['cells']} cells")
    for stack, by_target in summary["cpu_seconds"].items():
        print(f"stack {stack}: " + ", ".join(f"{t} {clock(s)}" for t, s in sorted(by_target.items())) + " of a processor")
    for b in summary["buckets"]:
        print(f"{b['count']:5}  {b['known_as'] or 'NEW':32} {b['signature']}")
    if not summary["buckets"]:
        print("nothing found")
    print(f"see {out}/index.html")
    return 1 if any(b["known_as"] is None for b in summary["buckets"]) else 0


# --- the page


def short(value):
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:,.0f}"


def thinned(points):
    step = max(1, len(points) // MOST_POINTS)
    return points[::step] + points[-1:]


def plot(title, lines):
    """`lines`: name, colour, dashed or not, points as (seconds, value)."""
    lines = [l for l in lines if l[3]]
    most_x = max((x for l in lines for x, _ in l[3]), default=0) or 1
    most_y = max((y for l in lines for _, y in l[3]), default=0) or 1

    def at(x, y):
        return (f"{LEFT + (WIDTH - LEFT - 130) * x / most_x:.1f}", f"{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * y / most_y:.1f}")

    out = [f'<h3>{html.escape(title)}</h3><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">']
    for share in (0, 0.5, 1):
        x, y = at(0, most_y * share)
        out.append(f'<line x1="{x}" y1="{y}" x2="{WIDTH - 130}" y2="{y}" stroke="#ddd"/><text x="{LEFT - 6}" y="{float(y) + 4}" '
                   f'text-anchor="end">{short(most_y * share)}</text>')
        x, y = at(most_x * share, 0)
        out.append(f'<text x="{x}" y="{HEIGHT - 8}" text-anchor="middle">{clock(most_x * share)}</text>')
    for i, (name, colour, dashed, points) in enumerate(lines):
        path = " ".join(",".join(at(*p)) for p in thinned(points))
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>')
        out.append(f'<text x="{WIDTH - 122}" y="{TOP + 10 + 16 * i}" style="fill:{colour}">{html.escape(name)}</text>')
    return "\n".join(out) + "\n</svg>"


def plots(samples):
    pairs = sorted({p for s in samples for p in s["pairs"]})

    def of_pairs(key):
        return [(p.replace("fuzz_", ""), COLOURS[p.split("/")[0]], p.endswith("/afl"),
                 [(s["seconds"], s["pairs"][p][key]) for s in samples if s["pairs"].get(p, {}).get(key)]) for p in pairs]

    inputs = [(t.replace("fuzz_", ""), COLOURS[t], False, [(s["seconds"], s["corpus"][t]) for s in samples if t in s.get("corpus", {})])
              for t in COLOURS]
    cells = [("cells", "#333", False, [(s["seconds"], s["cells"]) for s in samples if s.get("cells")])]
    return "\n".join([plot("Edges of the stack, as each engine counts them", of_pairs("edges")), plot("Inputs", inputs),
                      plot("Executions", of_pairs("execs")), plot("Cells of TCP", cells)])


def findings_table(summary):
    if not summary["buckets"]:
        return "<p>Nothing has been found.</p>"
    rows = "".join(
        f'<tr><td class="number">{b["count"]}</td><td class="{"" if b["known_as"] else "new"}">{html.escape(b["known_as"] or "NEW")}</td>'
        f'<td><code>{html.escape(b["signature"])}</code></td><td>{html.escape(b["first_seen"])}</td></tr>'
        for b in summary["buckets"])
    return (f'<table class="list"><tr><th>crashes</th><th>known as</th><th>signature</th><th>first seen</th></tr>{rows}</table>'
            '<p><a href="triage/index.html">Conversations, stacks and replay commands</a></p>')


def cpu_table(summary):
    """How long each stack was fuzzed: a finding's absence is worth as much."""
    head = "".join(f'<th class="number">{t}</th>' for t in COLOURS)
    rows = "".join(f"<tr><td><code>{html.escape(stack)}</code></td>"
                   + "".join(f'<td class="number">{clock(by_target.get(t, 0))}</td>' for t in COLOURS) + "</tr>"
                   for stack, by_target in summary["cpu_seconds"].items())
    return f'<table class="list"><tr><th>time of a processor, by stack (<code>git rev-parse HEAD:stack</code>)</th>{head}</tr>{rows}</table>'


def write(out, summary):
    rows = "".join(
        f'<tr><td>{t}</td><td>{e}</td><td class="number">{clock(p["seconds"])}</td><td class="number">{p["execs"]:,}</td>'
        f'<td class="number">{round(p["execs"] / p["seconds"]) if p["seconds"] else 0:,}</td><td class="number">{p["edges"]}</td></tr>'
        for (t, e), p in sorted((tuple(k.split("/")), p) for k, p in summary["pairs"].items()))
    title = "Campaign" + (f" with {summary['bug']}" if summary["bug"] else "")
    text = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}{cells_page.STYLE}</style></head><body>
<h1>{html.escape(title)}</h1>
<p>{clock(summary["seconds"])} of fuzzing until {summary["at"]}. Last new: edge {since(summary, "edge")} ago, input
{since(summary, "input")} ago.</p>
<h2>Findings</h2>
{findings_table(summary)}
<h2>Time</h2>
<table class="list"><tr><th>target</th><th>engine</th><th class="number">time</th><th class="number">executions</th>
<th class="number">each second</th><th class="number">edges</th></tr>{rows}</table>
{cpu_table(summary)}
{plots(samples_of(out) + [summary])}
<h2>TCP state and event</h2>
<p>In how many inputs of the corpora each event has met each state.</p>
{cells_page.tables(cells_page.added(summary["cell_counts"].values()))}
</body></html>
"""
    write_whole(out / "index.html", text)

"""What ci/bench has measured: as a table for the terminal and as a page, with the share of trials that have found their bug
by when."""

import html

from campaign_report import STYLE
from command import write_whole

COLOURS = {"whole": "#1f5fa8", "bytes": "#b3541e", "frames": "#2f7d3b", "bare": "#7a3fa0"}
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 260, 48, 30, 12, 150


def setups(data):
    return list(next(iter(data["bugs"].values()), {}))


def cell(by):
    """A median; behind it how many trials have found the bug, where that is not all."""
    found = sum(s is not None for s in by["times"])
    middle = "-" if by["median"] is None else f"{by['median']:.1f}"
    return middle if found == len(by["times"]) else f"{middle} ({found}/{len(by['times'])})"


def table(data):
    """Medians in seconds."""
    columns = setups(data)
    rows = [["bug", *columns]] + [[bug, *(cell(by[c]) for c in columns)] for bug, by in sorted(data["bugs"].items())]
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(r[0].ljust(widths[0]) if i == 0 else r[i].rjust(widths[i]) for i in range(len(r))) for r in rows]
    for c in columns:
        found = [by[c] for by in data["bugs"].values() if any(s is not None for s in by[c]["times"])]
        quick = [by for by in found if by["median"] is not None]
        lines.append(f"{c}: {len(found)} of {len(data['bugs'])} found, {len(quick)} with a median within {data['seconds']} s")
    for other, x in data["whole_against"].items():
        never = f"; it never finds {', '.join(x['never'])}" if x["never"] else ""
        lines.append(f"whole against {other}: at least {x['times_faster']} times faster (geometric mean), A12 {x['a12']}{never}")
    return "\n".join(lines + speed_lines(data.get("speed")))


def speed_lines(speed):
    if not speed:
        return []
    out = [f"standard connection, with AddressSanitizer: {speed['standard_connection_per_s']:,}/s, an empty target {speed['empty_target_per_s']:,}/s"]
    out += [f"  without {name.replace('_', ' ')}: {percent:+.1f} %" for name, percent in speed["cost_percent"].items()]
    rss = " and ".join(f"{mb} MB after {int(runs):,}" for runs, mb in speed["peak_rss_mb"].items())
    return out + [
        f"plain build: {speed['plain_ns_per_frame']} ns for a frame, {speed['plain_ns_per_reset']} ns for a reset; "
        f"lwIP takes {speed['against_lwip'] and round(1 / speed['against_lwip'], 2)} times as long as ours",
        f"pools 16 times as large: a frame takes {speed['frame_in_pools_16_times_as_large']} times as long, a reset "
        f"{speed['reset_of_pools_16_times_as_large']} times",
        f"two jobs do {speed['two_jobs']} times as much as one; four times as many exchanges take "
        f"{speed['time_of_four_times_the_length']} times as long; peak memory {rss} scenarios",
    ]


def steps(times, limit):
    """Points of the curve: share found by each second."""
    found, points = sorted(s for s in times if s is not None), [(0.0, 0.0)]
    for i, s in enumerate(found):
        points += [(s, i / len(times)), (s, (i + 1) / len(times))]
    return points + [(float(limit), len(found) / len(times))]


def survival(data):
    """Time is drawn by its square root: much happens early."""
    limit, columns = data["seconds"], setups(data)

    def at(second, share):
        x = LEFT + (WIDTH - LEFT - RIGHT) * (second / limit) ** 0.5
        return f"{x:.1f}", f"{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share:.1f}"

    out = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="share of trials that have found their bug">']
    for share in (0, 0.5, 1):
        x, y = at(0, share)
        out.append(f'<line x1="{x}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{float(y) + 4}" text-anchor="end">{100 * share:.0f} %</text>')
    for part in (0.01, 0.1, 0.3, 0.6, 1):
        x, _ = at(limit * part, 0)
        out.append(f'<text x="{x}" y="{HEIGHT - 10}" text-anchor="middle">{limit * part:.3g} s</text>')
    for i, c in enumerate(columns):
        times = [s for by in data["bugs"].values() for s in by[c]["times"]]
        colour, dash = COLOURS[c.split()[0]], ' stroke-dasharray="5 3"' if c.endswith("empty") else ""
        path = " ".join(",".join(at(*p)) for p in steps(times, limit))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>')
        out.append(f'<text x="{WIDTH - RIGHT + 8}" y="{TOP + 10 + 16 * i}" style="fill:{colour}">{html.escape(c)}</text>')
    return "\n".join(out) + "\n</svg>"


def page(data):
    columns = setups(data)
    head = "".join(f'<th class="number">{html.escape(c)}</th>' for c in columns)
    rows = "".join(f"<tr><td>{html.escape(bug)}</td>" + "".join(f'<td class="number">{cell(by[c])}</td>' for c in columns) + "</tr>"
                   for bug, by in sorted(data["bugs"].items()))
    summary = "".join(f"<li>{html.escape(line)}</li>" for line in table(data).splitlines()[len(data["bugs"]) + 1:])
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Time to bug</title><style>{STYLE}</style></head><body>
<h1>Time to bug</h1>
<p>{data["trials"]} trials of at most {data["seconds"]} s of a processor for each of {len(data["bugs"])} bugs; commit {html.escape(data["commit"])},
{data["date"]}, {html.escape(data["machine"])}.</p>
{survival(data)}
<ul>{summary}</ul>
<table class="list"><tr><th>median, s</th>{head}</tr>{rows}</table>
</body></html>
"""


def write(out, data):
    write_whole(out / "index.html", page(data))
    write_whole(out / "table.txt", table(data) + "\n")

"""What ci/gate leaves beside the image: gate.json for programs, junit.xml for CI, index.html for a release manager."""

import html
import json
import xml.etree.ElementTree as ET

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
.verdict { padding: 1rem 1.25rem; border-radius: .5rem; color: #fff; font-size: 1.25rem }
.pass { background: #1b6e3c } .refused { background: #a3211b }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; padding: .35rem .75rem; border-bottom: 1px solid #ddd; vertical-align: top }
td.number, th.number { text-align: right; white-space: nowrap }
.ok { color: #1b6e3c } .failed { color: #a3211b; font-weight: 600 }
code { font-size: .85em; overflow-wrap: anywhere }
"""


def write(gate, reasons, manifest, seconds):
    summary = {
        "verdict": "refused" if reasons else "pass",
        "reasons": reasons,
        "bug": gate.bug,
        "left_out": gate.without,
        "seconds": seconds,
        "scripts": len(gate.scripts),
        "regressions": sorted(gate.regressions),
        "checks": gate.checks,
        "digests": gate.digests,
        "findings": gate.findings,
        "manifest": manifest,
    }
    (gate.out / "gate.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    junit(gate.checks).write(gate.out / "junit.xml", encoding="utf-8", xml_declaration=True)
    (gate.out / "index.html").write_text(page(summary), encoding="utf-8")


def junit(checks):
    root = ET.Element("testsuites", name="gate")
    for group in dict.fromkeys(c["group"] for c in checks):
        mine = [c for c in checks if c["group"] == group]
        failed = str(sum(not c["ok"] for c in mine))
        suite = ET.SubElement(root, "testsuite", name=group, tests=str(len(mine)), failures=failed)
        for c in mine:
            case = ET.SubElement(suite, "testcase", classname=group, name=c["name"], time=str(c["seconds"]))
            if not c["ok"]:
                ET.SubElement(case, "failure", message=c["failures"][0]).text = "\n".join(c["failures"])
    return ET.ElementTree(root)


def row(*cells):
    return "<tr>" + "".join(cells) + "</tr>"


def cell(text, kind=""):
    return f'<td class="{kind}">{html.escape(str(text))}</td>'


def verdict(summary):
    if summary["verdict"] == "pass":
        return f'<p class="verdict pass">PASS: the release may go out</p>{left_out_part(summary["left_out"])}'
    first = html.escape(summary["reasons"][0])
    return f'<p class="verdict refused">REFUSED: {first}</p>{found_part(summary["findings"])}'


def left_out_part(builds):
    return f'<p class="failed">Decided without these builds: {", ".join(builds)}.</p>' if builds else ""


def found_part(findings):
    """Each scenario that shows something, with what, and where."""
    where = {}
    for build, found in findings.items():
        for name, signature in found.items():
            where.setdefault((name, signature), []).append(build)
    if not where:
        return ""
    rows = "".join(
        row(cell(name), f"<td><code>{html.escape(signature)}</code></td>", cell(", ".join(builds)))
        for (name, signature), builds in sorted(where.items())
    )
    return f"<h2>Found</h2><table><tr><th>scenario</th><th>signature</th><th>in</th></tr>{rows}</table>"


def check_rows(checks):
    for c in checks:
        state = cell("holds", "ok") if c["ok"] else cell(f"{len(c['failures'])} do not: {c['failures'][0]}", "failed")
        yield row(cell(c["group"]), cell(c["name"]), state, cell(f"{c['seconds']} s", "number"))


def build_rows(summary):
    reference = next(iter(summary["digests"].values()), {})
    for build, digests in summary["digests"].items():
        differ = sum(reference.get(name) != d for name, d in digests.items())
        yield row(
            cell(build),
            cell(len(digests), "number"),
            cell(summary["scripts"] - len(digests), "number"),
            cell(differ, "number"),
        )


def image_part(manifest):
    if manifest is None:
        return "<h2>Image</h2><p>None: it is left only where everything holds.</p>"
    changed = manifest["changed_files"]
    warning = f'<p class="failed">Built with {len(changed)} files changed since that commit.</p>' if changed else ""
    rows = "".join(
        row(cell(name), cell(i["bytes"], "number"), f"<td><code>{i['sha256']}</code></td>")
        for name, i in manifest["images"].items()
    )
    return (
        f"<h2>Image</h2><p>Commit <code>{html.escape(manifest['commit'])}</code>, {html.escape(manifest['compiler'])}; "
        f"{manifest['corpus']['scripts']} scripts, corpus <code>{manifest['corpus']['sha256']}</code>.</p>{warning}"
        f'<table><tr><th>file</th><th class="number">bytes</th><th>SHA-256</th></tr>{rows}</table>'
    )


def page(summary):
    bug = f" with {html.escape(summary['bug'])}" if summary["bug"] else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Board release gate</title>'
        f"<style>{STYLE}</style><h1>Board release gate{bug}</h1>{verdict(summary)}"
        f"<p>{summary['scripts']} scripts, {len(summary['regressions'])} of them regressions; "
        f"{summary['seconds']} s.</p>{image_part(summary['manifest'])}"
        '<h2>Checks</h2><table><tr><th>what</th><th>where</th><th>result</th><th class="number">time</th></tr>'
        f"{''.join(check_rows(summary['checks']))}</table>"
        "<h2>Replays</h2><p>One scenario has one digest, whatever runs it.</p>"
        '<table><tr><th>build</th><th class="number">nothing found</th><th class="number">found or not run</th>'
        f'<th class="number">digests that differ</th></tr>{"".join(build_rows(summary))}</table></html>\n'
    )

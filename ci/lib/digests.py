"""usage: digests.py PRESET...

One scenario, one digest: every seed and regression, in two processes of each build, and the standard
seed a thousand times.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STANDARD = ROOT / "corpus" / "seeds" / "passive-open-and-exchange.scenario"


def one_digest(result):
    fine = result["finding"] is None and result["same_digest"]
    return result["digest"] if fine else f"not one digest: {result['finding']}"


def digests(preset, files, repeat):
    program = ROOT / "build" / preset / "fuzz" / "kyufuzz"
    command = [program, "run", "--json", "--repeat", str(repeat), *files]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    runs = json.loads(done.stdout)
    return {r["file"]: one_digest(r) for r in runs}


def main(presets):
    files = [str(f) for f in sorted((ROOT / "corpus").glob("*/*.scenario"))]
    wanted = digests(presets[0], files, 2)
    differ = 0
    for preset in presets:
        for process in (1, 2):
            got = digests(preset, files, 2) | digests(preset, [str(STANDARD)], 1000)
            for f in files:
                if got[f] != wanted[f]:
                    differ += 1
                    print(f"digests: {f}: {got[f]} in {preset}, process {process}; {wanted[f]} in {presets[0]}")
    print(f"digests: {len(files)} scenarios, two processes of {' '.join(presets)}: {differ} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

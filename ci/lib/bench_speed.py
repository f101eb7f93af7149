"""How fast the harness is, beside how soon it finds: every figure is a ratio within one run, so that the machine hardly matters."""

import json
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from command import ROOT, CannotRun, build

FUZZERS = ROOT / "build" / "asan" / "fuzz"
PLAIN = ROOT / "build" / "plain" / "fuzz"
TRIALS, RUNS, MANY_RUNS = 3, 100_000, 1_000_000
SHORT, LONG = 20, 80  # exchanges of a scenario
REPEATS = 300


def measure(say):
    """The figures, by name; `say` is told what is under way."""
    say("speed: building")
    build("asan", "kyufuzz", "bench_empty", "bench_connection")
    build("plain", "kyufuzz", "bench_lwip")
    figures = costs(say)
    say("speed: two jobs, long scenarios, lwIP, memory")
    figures["two_jobs"] = round(two_jobs(), 2)
    figures["time_of_four_times_the_length"] = round(growth(), 2)
    figures["against_lwip"] = against_lwip()
    figures["peak_rss_mb"] = {str(n): peak_rss(n) for n in (RUNS, MANY_RUNS)}
    return figures


def costs(say):
    """Of pools, of each oracle and of scheduling points, in percent of the standard connection without them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        done = subprocess.run([FUZZERS / "kyufuzz", "bench", "--trials", str(TRIALS), "--json", file], capture_output=True, check=False)
        if done.returncode != 0:
            raise CannotRun("kyufuzz bench does not run")
        j = json.loads(file.read_text(encoding="utf-8"))
    full = j["connection_per_s"]
    without = {re.sub(r"^connection_(without_|no_)?|_per_s$", "", k): v for k, v in j.items() if k.startswith("connection_") and k != "connection_per_s"}
    return {
        "empty_target_per_s": round(j["empty_target_per_s"]),
        "standard_connection_per_s": round(full),
        "cost_percent": {name: round(100 * (rate / full - 1), 1) for name, rate in without.items()},
        "plain_ns_per_frame": round(j["plain_ns_per_frame_in"], 1),
        "plain_ns_per_reset": round(j["plain_ns_per_reset"], 1),
        "frame_in_pools_16_times_as_large": round(j["plain_ns_per_frame_in_large_pools"] / j["plain_ns_per_frame_in"], 2),
        "reset_of_pools_16_times_as_large": round(j["plain_ns_per_reset_large_pools"] / j["plain_ns_per_reset"], 2),
    }


def seconds(*commands):
    """Of all of them side by side."""
    started = time.monotonic()
    running = [subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    if any(p.wait() != 0 for p in running):
        raise CannotRun(f"{commands[0][0]} does not run")
    return time.monotonic() - started


def fuzzer(runs):
    return [FUZZERS / "bench_connection", f"-runs={runs}", "-seed=1", "-max_len=4096", "-len_control=0", "-cross_over=0", "-verbosity=0"]


def two_jobs():
    """How many times as much two do as one."""
    ratios = []
    for _ in range(TRIALS):
        start_up = seconds(fuzzer(1))
        one, two = seconds(fuzzer(RUNS)) - start_up, seconds(fuzzer(RUNS), fuzzer(RUNS)) - start_up
        ratios.append(2 * one / two)
    return statistics.median(ratios)


def scenario(exchanges):
    lines = ["user 0: tcp_bind", "peer 0 < S port=114 mss=1460", "peer 0 < .", "user 0: tcp_accept"]
    return "\n".join(lines + ["peer 0 < P. len=64", "user 0: recv fd=1", "user 0: send fd=1"] * exchanges) + "\n"


def growth():
    """How many times as long a scenario with four times as many exchanges takes; linear is at most 4."""
    with tempfile.TemporaryDirectory() as folder:
        times = {}
        for exchanges in (SHORT, LONG):
            script = Path(folder) / f"{exchanges}.scenario"
            script.write_text(scenario(exchanges), encoding="utf-8")
            run = [FUZZERS / "kyufuzz", "run", "--repeat"]
            times[exchanges] = statistics.median(seconds([*run, str(REPEATS), script]) - seconds([*run, "1", script]) for _ in range(TRIALS))
    return times[LONG] / times[SHORT]


def against_lwip():
    """Ours to lwIP: time for each frame in of the standard connection. None: lwIP is not there."""
    program = PLAIN / "bench_lwip"
    if not program.exists():
        return None
    said = subprocess.run([program], capture_output=True, text=True, check=False).stdout
    found = re.search(r"ratio\s+([\d.]+)", said)
    return float(found[1]) if found else None


def peak_rss(runs):
    done = subprocess.run([str(c) for c in [*fuzzer(runs), "-print_final_stats=1"]], capture_output=True, text=True, check=False)
    found = re.search(r"peak_rss_mb:\s+(\d+)", done.stderr)
    if not found:
        raise CannotRun("bench_connection does not say how much memory it took")
    return int(found[1])

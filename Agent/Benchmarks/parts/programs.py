# SPDX-License-Identifier: Apache-2.0
"""The same watchers attached at once: what the programs of each take in the kernel, of the same acts.

    run programs [ROUNDS [ACT...]]

The kernel's own statistics of each program, for a machine on which others watch as well: every act goes through the programs of
all watchers, so that what disturbs one disturbs all. What the kernel takes to call a program is not in it, nor is auditd,
which has no programs. A run of a program that measures takes 20 to 30 ns more.
"""
import contextlib
import pathlib
import re
import shutil
import statistics

from measure import acts, folder, interval, shown
from parts.peers import BPFTRACE, LIBBPF_TOOLS, USER, merops, tool

NEEDS = ["meropsd", "merops-acts"]
STATISTICS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
COUNTS = {"exec": 500, "open": 20000, "connect": 4000}


def spent(process):
    """Nanoseconds of the programs that a process holds."""
    found = {}
    for path in pathlib.Path(f"/proc/{process}/fdinfo").iterdir():
        with contextlib.suppress(OSError):
            text = path.read_text()
            number, time = (re.search(rf"^{name}:\s*(\d+)", text, re.M) for name in ("prog_id", "run_time_ns"))
            if number and time:
                found[number[1]] = int(time[1])
    return sum(found.values())


def run(arguments):
    rounds = int(arguments[0]) if arguments else 15
    was = STATISTICS.read_text()
    try:
        STATISTICS.write_text("1")
        for act in arguments[1:] or COUNTS:
            measure(act, rounds)
    finally:
        STATISTICS.write_text(was)


def measure(act, rounds):
    watchers = {"merops": merops("watch: [{}]\n"), "merops, all that it watches": merops("")}
    if shutil.which("bpftrace"):
        watchers["bpftrace"] = tool(lambda act: ["bpftrace", "-e", BPFTRACE[act]])
    if shutil.which(LIBBPF_TOOLS[act]):
        watchers[LIBBPF_TOOLS[act]] = tool(lambda act: [LIBBPF_TOOLS[act]])
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, watch in watchers.items():
            path = stack.enter_context(folder())
            processes[name] = stack.enter_context(watch(act, path))[1][0]
        results = {name: [] for name in watchers}
        for _ in range(rounds):
            before = {name: spent(process) for name, process in processes.items()}
            acts("time", act, COUNTS[act] // 10, 10, user=USER)
            for name, process in processes.items():
                # Before each time come some acts that are not counted, but for opens.
                results[name].append((spent(process) - before[name]) / COUNTS[act] / (1 if act == "open" else 1.1))
    best = min((name for name in results if not name.startswith("merops")), key=lambda name: statistics.median(results[name]))
    print(f"{act}: {rounds} rounds of {COUNTS[act]:,}")
    for name, values in results.items():
        line = f"  {name:27} {shown(values):>26} ns an act"
        if name != best:
            ratios = [value / other for value, other in zip(values, results[best])]
            line += f"; {shown(ratios, '{:.2f}')} of {best}"
        print(line, flush=True)

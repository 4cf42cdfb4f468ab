# SPDX-License-Identifier: Apache-2.0
"""What a ring for each CPU could save: how much longer the programs take while both CPUs write to the one ring.

    run ring [ROUNDS]

The kernel's own statistics of the program that reports fchmod, record and path included, with one process and with one on each
CPU. What writers wait for each other is in the difference, and a ring per CPU would save that much at most.
"""
import json
import os
import pathlib
import statistics
import subprocess

from measure import Agent, acts, folder, shown

NEEDS = ["meropsd", "merops-acts"]
STATISTICS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")


def spent():
    """Nanoseconds and runs of the program that an fchmod ends in: a tail call counts as its caller's run."""
    programs = json.loads(subprocess.run(["bpftool", "prog", "show", "-j"], stdout=subprocess.PIPE, check=True).stdout)
    return [(each.get("run_time_ns", 0), each.get("run_cnt", 0)) for each in programs if each.get("name") == "onCall"]


def nanoseconds(processes):
    before = spent()
    acts("flood", "chmod", 0, 1, processes)
    now = spent()
    return max(((t - s) / max(1, n - m), n - m) for (s, m), (t, n) in zip(before, now))[0]


def run(arguments):
    rounds = int(arguments[0]) if arguments else 15
    was = STATISTICS.read_text()
    alone, together = [], []
    try:
        STATISTICS.write_text("1")
        with folder() as path, Agent(path).wait():
            for _ in range(rounds):
                alone.append(nanoseconds(1))
                together.append(nanoseconds(os.cpu_count()))
    finally:
        STATISTICS.write_text(was)
    print(f"one process: {shown(alone)} ns a run; one on each CPU: {shown(together)} ns")
    print(f"the difference: {shown([b - a for a, b in zip(alone, together)])} ns")

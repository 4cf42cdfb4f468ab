# SPDX-License-Identifier: Apache-2.0
"""How many events a second come through without loss, those who do the acts included.

    run rate [SECONDS]

Two processes, one on each CPU, fchmod a file or open one of 20,000 again and again; the agent writes JSON lines to /dev/null, or
stores them. The highest rate at which nothing is lost is looked for, unless nothing is lost at all. The 40,000 files are more
than the table of repeats holds, so that all but a few opens are events.
"""
import os
import sys
import time

from measure import Agent, acts, folder

NEEDS = ["meropsd", "merops-acts"]


def once(act, rate, seconds, memory):
    """Events a second, lost ones, and what an event took: CPU of the doer and of the agent, in nanoseconds."""
    with folder() as path, Agent(path, memory=memory, json_lines=memory).wait() as agent:
        time.sleep(0.5)
        (before, lost), cpu = agent.counts(), agent.cpu()
        (done, taken, doer), = acts("flood", act, rate, seconds, os.cpu_count())
        while any(sink["queued"] for sink in agent.status()["sinks"]):
            time.sleep(0.05)
        recorded, lost_now = agent.counts()
        recorded -= before
        used = agent.cpu() - cpu
        return recorded / taken, lost_now - lost, doer / done * 1e9, used / recorded * 1e9


def run(arguments):
    seconds = float(arguments[0]) if arguments else 5
    for memory in (True, False):
        for act in ("chmod", "open"):
            show = lambda rate, lost, doer, agent: print(
                f"{'lines' if memory else 'store'} {act:6} {rate:9,.0f} events/s, lost {lost:,}; an event takes {doer:,.0f} ns of "
                f"its doer and {agent:,.0f} ns of the agent", flush=True)
            found = once(act, 0, seconds, memory)
            show(*found)
            if found[1] == 0:
                continue
            # Some below what was lost, some above what was not.
            low, high, best = 0, found[0] * 1.2, None
            for _ in range(6):
                rate = (low + high) / 2
                result = once(act, rate, seconds, memory)
                if result[1] == 0:
                    low, best = rate, result
                else:
                    high = rate
                print(f"    asked for {rate:,.0f}: {result[0]:,.0f}, lost {result[1]:,}", file=sys.stderr)
            if best:
                show(*best)

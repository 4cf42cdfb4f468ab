# SPDX-License-Identifier: Apache-2.0
"""What a process pays that does nothing which is reported.

    run unwanted [ROUNDS]

A system call of which no sensor wants to know; an open of /dev/null, which is left out by its directory; an open like the one
before. Each in turn with the agent as it is by default and with nobody, CPU time of the process.
"""
import contextlib
import statistics

from measure import Agent, cpu_per_act, folder, shown, undisturbed

NEEDS = ["meropsd", "merops-acts"]
ACTS = {"call": "a system call that no sensor wants", "ignored": "open and close of /dev/null",
        "repeat": "open and close of a file, again"}
COUNT = 2000


def once(watched, look):
    with folder() as path, Agent(path).wait() if watched else contextlib.nullcontext():
        look()
        try:
            return {act: cpu_per_act(act, COUNT) for act in ACTS}
        finally:
            look()


def run(arguments):
    rounds = int(arguments[0]) if arguments else 21
    results = [[undisturbed(lambda look: once(watched, look)) for watched in (False, True)] for _ in range(rounds)]
    for act, name in ACTS.items():
        quiet = statistics.median(quiet[act] for quiet, _ in results)
        added = [watched[act] - quiet[act] for quiet, watched in results]
        print(f"{name:36} {quiet:6,.0f} ns, and {shown(added)} more while the agent watches")

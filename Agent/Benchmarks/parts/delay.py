# SPDX-License-Identifier: Apache-2.0
"""From the kernel's time stamp of an act to its line in the hands of a reader.

    run delay [RATE [SECONDS]]

First a hundred opens a second, then RATE of them (default: 100,000), of two processes.
"""
import subprocess

from measure import Agent, acts, folder, program

NEEDS = ["meropsd", "merops-acts", "agent-bench"]


def once(rate, seconds):
    with folder() as path:
        reader = subprocess.Popen(
            [program("agent-bench"), "delay"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with Agent(path, output=reader.stdin) as agent:
            reader.stdin.close()
            agent.wait()
            (done, taken, _), = acts("flood", "open", rate, seconds, 2)
            lost = agent.counts()[1]
        found = reader.stdout.read().strip()
        reader.wait()
        print(f"{done / taken:9,.0f} opens/s: {found}; lost: {lost}", flush=True)


def run(arguments):
    seconds = float(arguments[1]) if len(arguments) > 1 else 10
    once(100, seconds)
    once(int(arguments[0]) if arguments else 100000, seconds)

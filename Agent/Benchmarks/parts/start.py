# SPDX-License-Identifier: Apache-2.0
"""From the start of meropsd to its first event.

    run start [TIMES]

Programs are started all the time; what counts is when the first line about one of them is read.
"""
import os
import select
import statistics
import subprocess
import time

from measure import Agent, folder, shown

NEEDS = ["meropsd"]


def once(path):
    reading, writing = os.pipe()
    with Agent(path, output=writing) as agent:
        os.close(writing)
        first, text = None, b""
        while b'"process.exec"' not in text:
            os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
            while select.select([reading], [], [], 0)[0]:
                text += os.read(reading, 1 << 20)
                first = first or time.monotonic()
        taken = time.monotonic() - agent.started
        ready = agent.started
        # It ends only when what it wrote is read.
        os.set_blocking(reading, True)
        agent.process.terminate()
        while os.read(reading, 1 << 20):
            pass
        agent.process.wait()
        os.close(reading)
        return (first - ready) * 1000, taken * 1000


def run(arguments):
    times = int(arguments[0]) if arguments else 21
    results = []
    for _ in range(times):
        with folder() as path:
            results.append(once(path))
    print(f"start to first event: {shown([r[0] for r in results])} ms; the slowest of {times}: {max(r[0] for r in results):,.0f}")
    print(f"start to the first exec: {shown([r[1] for r in results])} ms")

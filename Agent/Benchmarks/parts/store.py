# SPDX-License-Identifier: Apache-2.0
"""Made-up events into a store, and questions to it.

    run store [EVENTS]
"""
import subprocess

from measure import folder, program

NEEDS = ["agent-bench"]


def run(arguments):
    count = arguments[0] if arguments else "10000000"
    with folder() as path:
        subprocess.run([program("agent-bench"), "store", count, f"{path}/events"], check=True)
        subprocess.run([program("agent-bench"), "query", "0", f"{path}/events"], check=True)

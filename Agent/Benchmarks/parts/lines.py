# SPDX-License-Identifier: Apache-2.0
"""JSON lines of made-up events, beside Foundation's JSONEncoder.

    run lines [EVENTS]
"""
import subprocess

from measure import program

NEEDS = ["agent-bench"]


def run(arguments):
    return subprocess.run([program("agent-bench"), "lines", *(arguments or ["400000"])]).returncode

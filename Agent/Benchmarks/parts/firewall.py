# SPDX-License-Identifier: Apache-2.0
"""What the firewall costs a packet, and what an exchange of its rules takes, beside the kernel's trie.

    run firewall [SIZES]

By the kernel's test run of the programs, attached to nothing. Each figure is the least of seven rounds of 300,000 runs; cold
ones are the mean of 20,000 runs with a source of its own each, the kernel's two looks at the clock included.
"""
import subprocess

from measure import program

NEEDS = ["firewall-bench"]


def run(arguments):
    return subprocess.run([str(program("firewall-bench")), *arguments]).returncode

// SPDX-License-Identifier: Apache-2.0

// Runs and maps of the interpreter have the same verdicts, keys and modes as those of the kernel.
@_exported public import BPFValues

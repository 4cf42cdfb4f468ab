// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

// A probe imports one module: values of both sides, and the kernel's helpers and functions under their own names, come
// with it.
@_exported public import BPFValues
@_exported public import CBPFKernel

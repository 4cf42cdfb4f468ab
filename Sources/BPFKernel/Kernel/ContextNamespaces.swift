// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

/// Contexts of `tp_btf/NAME` programs: `BTFTracepoint.sched_process_exec` has the tracepoint's arguments, typed.
///
/// The build step makes a context for each name that a probe mentions, here and in the namespaces below.
///
/// - Requires: Linux 5.5.
public enum BTFTracepoint {}

/// Contexts of `tracepoint/SUBSYSTEM/NAME` programs: `Tracepoint.sched_process_exec` has the fields of the record.
///
/// - Requires: Linux 4.7.
public enum Tracepoint {}

/// Contexts of `fentry/NAME` programs: `FunctionEntry.vfs_open` has the function's parameters.
///
/// - Requires: Linux 5.5.
public enum FunctionEntry {}

/// Contexts of `fexit/NAME` and `fmod_ret/NAME` programs: the function's parameters, and its `result`.
///
/// - Requires: Linux 5.5.
public enum FunctionExit {}

/// Contexts of `lsm/NAME` programs: the hook's parameters, and as `result` what earlier programs decided.
///
/// - Requires: Linux 5.7.
public enum LSM {}

/// Contexts of `iter/NAME` programs: `Iterator.task` has `meta` and `task`, null after the last.
///
/// - Requires: Linux 5.8.
public enum Iterator {}

/// Contexts of struct_ops programs: `StructOps.tcp_congestion_ops.ssthresh` has the operation's arguments.
///
/// - Requires: Linux 5.6.
public enum StructOps {}

/// Functions of the kernel for programs: `KernelFunction.exists.bpf_task_from_pid`. They are called by their own names.
///
/// - Requires: Linux 5.13.
public enum KernelFunction {}

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
/// - Requires: Linux 5.7; a GPL-compatible license.
public enum LSM {}

/// Contexts of `iter/NAME` programs: `Iterator.task` has `meta` and `task`, null after the last.
///
/// - Requires: Linux 5.8.
public enum Iterator {}

/// Contexts of struct_ops programs, and the kernel structures that they are operations of.
///
/// `StructOps.tcp_congestion_ops.ssthresh` has the operation's arguments (`argument0`, ...: the kernel's types have no
/// names for them). A variable of type `StructOps.tcp_congestion_ops.Table` makes a map of the structure, with the
/// programs whose contexts name its operations; attaching it registers them:
///
///     var myControl = StructOps.tcp_congestion_ops.Table(name: "my_control")
///
///     @section("struct_ops")
///     func threshold(_ call: StructOps.tcp_congestion_ops.ssthresh) -> UInt32 { 2 }
///
/// A table's values are literals: the structure's integers and texts, in the order of their names, zero unless given.
/// Of several tables of a type, a program serves all, or with `struct_ops/VARIABLE` as its section that one.
///
/// - Requires: Linux 5.6; a table 6.4; a GPL-compatible license.
public enum StructOps {}

/// Functions of the kernel for programs: `KernelFunction.exists.bpf_task_from_pid`. They are called by their own names.
///
/// - Requires: Linux 5.13; a GPL-compatible license.
public enum KernelFunction {}

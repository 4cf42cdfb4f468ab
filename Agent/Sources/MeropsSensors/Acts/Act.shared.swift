// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// Something that was done to another process, to the process's own rights, or to the kernel.
struct ActRecord {
  var header: EventHeader
  /// When the process was created that it was done to.
  var targetStart: UInt64
  /// Capabilities, a request of ptrace(2), or an id.
  var number: UInt64
  var target: UInt32
  /// A user, a signal, a command of bpf(2).
  var first: UInt32
  /// A group, a type.
  var second: UInt32
  /// An attach type.
  var third: UInt32
  /// An errno, or 0.
  var error: UInt32
  /// Of new rights, besides the effective ones in `first` and `second`.
  var realUser: UInt32
  var realGroup: UInt32
  var savedUser: UInt32
  /// Of the other process, the module, the program or the map.
  var name: FixedString<56>
}

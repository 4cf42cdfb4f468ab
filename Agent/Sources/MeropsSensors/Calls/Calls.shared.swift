// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// What a system call's arguments mean: the index of each, or `none`.
struct SystemCall {
  /// Which program records it, or 0.
  var program: UInt8
  /// The number of a model's `EventKind`.
  var kind: UInt8
  var directory: UInt8
  var name: UInt8
  var targetDirectory: UInt8
  var targetName: UInt8
  var text: UInt8
  var flags: UInt8
  var mode: UInt8
  var owner: UInt8
  var group: UInt8
  /// A descriptor of the file.
  var descriptor: UInt8

  static var none: UInt8 { 255 }
}

/// The programs that system calls are handed to, by their places in the program array.
enum CallProgram {
  static var open: UInt8 { 1 }
  static var map: UInt8 { 2 }
  static var names: UInt8 { 3 }
  static var credentials: UInt8 { 4 }
  static var trace: UInt8 { 5 }
  static var memoryWrite: UInt8 { 6 }
  static var bpf: UInt8 { 7 }
  static var namespaces: UInt8 { 8 }
  static var moduleLoad: UInt8 { 9 }
}

#if hasFeature(Embedded)
  extension ArrayMap where Value == SystemCall {
    /// What to do at the end of the system call that ends.
    @inline(__always)
    mutating func call(of registers: SavedRegisters) -> SystemCall? {
      guard let index = bounded(UInt32(truncatingIfNeeded: registers.systemCallNumber), below: 512) else { return nil }
      return self[index]
    }
  }

  extension SavedRegisters {
    /// An argument by an index of `SystemCall`; 0 for `none`.
    @inline(__always)
    func argument(_ index: UInt8) -> UInt64 {
      switch index {
      case 0: systemCallArgument(0)
      case 1: systemCallArgument(1)
      case 2: systemCallArgument(2)
      case 3: systemCallArgument(3)
      case 4: systemCallArgument(4)
      case 5: systemCallArgument(5)
      default: 0
      }
    }
  }
#endif

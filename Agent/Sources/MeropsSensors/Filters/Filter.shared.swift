// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

/// What is left out, as far as numbers say it: constants of the programs, so that the kernel removes what nobody asks for.
struct Filter {
  /// The process of the sensors.
  var ownProcess: UInt32 = 0
  /// Whether processes are left out by their numbers or their programs; then which map has those.
  var byProcess: UInt32 = 0
  var byProgram: UInt32 = 0
  var byCgroup: UInt32 = 0
  var byUser: UInt32 = 0
  var isPadding: UInt32 = 0
  /// How many acts of a class a CPU records in a second; 0 for all.
  var processLimit: UInt64 = 0
  var fileLimit: UInt64 = 0
  var networkLimit: UInt64 = 0
  var dnsLimit: UInt64 = 0
  var kernelLimit: UInt64 = 0
}

/// The same file, whatever its name is.
struct FileIdentity: Hashable {
  var inode: UInt64
  var device: UInt64
}

/// Why a process is left out.
enum LeftOut {
  static var byNumber: UInt8 { 1 }
  /// It runs such a program; those that it starts do until they run another one.
  static var byProgram: UInt8 { 2 }
}

#if hasFeature(Embedded)
  var filter = Tunable(Filter())
  // Shared by all programs.
  var leftOutProcesses = HashMap<UInt32, UInt8>(maxEntries: 1024)
  var leftOutCgroups = HashMap<UInt64, UInt8>(maxEntries: 4096)
  var leftOutUsers = HashMap<UInt32, UInt8>(maxEntries: 1024)
  var leftOutPrograms = HashMap<FileIdentity, UInt8>(maxEntries: 1024)

  /// Whether acts of a process are left out.
  @inline(__always)
  func isLeftOut(_ task: task_struct.Probed, _ pid: UInt32) -> Bool {
    let filter = filter.value
    if filter.byProcess != 0 && leftOutProcesses.pointer(to: pid) != nil { return true }
    if filter.byCgroup != 0 && leftOutCgroups.pointer(to: task.cgroups.dfl_cgrp.kn.id) != nil { return true }
    return filter.byUser != 0 && leftOutUsers.pointer(to: task.cred.euid.val) != nil
  }

  /// Whether acts of the running process are left out.
  @inline(__always)
  func isCallerLeftOut() -> Bool { isLeftOut(task_struct.Probed.current, CurrentThread.processID) }

  /// The same, with the sensors' own process.
  @inline(__always)
  func isCallerOwnOrLeftOut() -> Bool {
    CurrentThread.processID == filter.value.ownProcess || isCallerLeftOut()
  }

  extension UnsafeMutablePointer where Pointee == ClassCounts {
    /// Whether this CPU has recorded enough of the class in this second; the act is then counted as limited.
    @inline(__always)
    func isOverLimit(_ class: UInt32) -> Bool {
      let filter = filter.value
      let limit =
        switch `class` {
        case CountedClass.process: filter.processLimit
        case CountedClass.file: filter.fileLimit
        case CountedClass.network: filter.networkLimit
        case CountedClass.dns: filter.dnsLimit
        default: filter.kernelLimit
        }
      if limit == 0 { return false }
      let second = Clock.boot / 1_000_000_000
      if pointee.second != second {
        pointee.second = second
        pointee.inSecond = 0
      }
      if pointee.inSecond >= limit {
        atomicAdd(1, to: &pointee.limited)
        return true
      }
      pointee.inSecond &+= 1
      return false
    }
  }
#endif

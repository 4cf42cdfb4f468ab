// SPDX-License-Identifier: Apache-2.0

import Glibc
import MeropsControl

/// What this process takes of the machine.
enum OwnCost {
  static func now() -> AgentStatus.Cost {
    var cpu = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu)
    let time = UInt64(cpu.tv_sec) * 1_000_000_000 + UInt64(cpu.tv_nsec)
    // The second number of statm is the resident set in pages.
    let resident = file("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0
    return AgentStatus.Cost(memory: resident * UInt64(sysconf(CInt(_SC_PAGESIZE))), cpuTime: time)
  }

  /// A small file of /proc; empty where it cannot be read.
  static func file(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    return String(unsafeUninitializedCapacity: 4096) { max(read(descriptor, $0.baseAddress, 4096), 0) }
  }
}

/// Nanoseconds since 1970.
func wallClock() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

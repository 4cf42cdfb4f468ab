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

  /// When this process started, in nanoseconds since 1970; nil without /proc.
  static func started() -> UInt64? {
    // The words after the name, which may hold anything: field 22 counts clock ticks since boot.
    let words = file("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard words.count > 19, let ticks = UInt64(words[19]) else { return nil }
    var boot = timespec()
    clock_gettime(CLOCK_BOOTTIME, &boot)
    let sinceBoot = UInt64(boot.tv_sec) * 1_000_000_000 + UInt64(boot.tv_nsec)
    return wallClock() - sinceBoot + ticks * (1_000_000_000 / UInt64(max(1, sysconf(CInt(_SC_CLK_TCK)))))
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

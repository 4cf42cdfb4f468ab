// SPDX-License-Identifier: Apache-2.0

import BPFCompiler
import Glibc

/// Where the sources of the kernel-side module are: beside the installed command, or in the checkout it was built in.
enum KernelSideSources {
  static func find() throws -> String {
    if let folder = try Files.environment("MEROPS_KERNEL_SIDE") { return folder }
    guard let real = realpath("/proc/self/exe", nil) else { throw Refusal("/proc is not mounted") }
    defer { free(real) }
    var folder = String(cString: real)
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      for candidate in ["\(folder)/share/merops/kernel", "\(folder)/Sources"]
      where access("\(candidate)/BPFKernel", F_OK) == 0 {
        return candidate
      }
    }
    throw Refusal(
      "the sources of BPFKernel are not beside this command: run `make install`, or name their folder in MEROPS_KERNEL_SIDE"
    )
  }

  /// The user's cache folder.
  static func cache() throws -> String {
    if let folder = try Files.environment("XDG_CACHE_HOME") { return "\(folder)/merops" }
    if let folder = try Files.environment("HOME") { return "\(folder)/.cache/merops" }
    return "/tmp/merops-\(getuid())"
  }
}

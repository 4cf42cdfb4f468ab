// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the sources of the kernel-side module are: beside the installed command, or in the checkout it was built in.
enum KernelSideSources {
  static func find() throws -> String {
    if let value = getenv("MEROPS_KERNEL_SIDE"), value.pointee != 0 { return String(cString: value) }
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
  static var cache: String {
    if let value = getenv("XDG_CACHE_HOME"), value.pointee != 0 { return "\(String(cString: value))/merops" }
    if let value = getenv("HOME"), value.pointee != 0 { return "\(String(cString: value))/.cache/merops" }
    return "/tmp/merops-\(getuid())"
  }
}

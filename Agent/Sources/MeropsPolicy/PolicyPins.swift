// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The names in a bpffs by which policies stay in force when the agent ends.
public enum PolicyPins {
  public static let usualPath = "/sys/fs/bpf/merops/policies"

  /// Removes a directory and all that is in it. Where the pins are what holds enforcement, that ends it at once: the kernel
  /// detaches the programs. No agent is asked.
  ///
  /// - Returns: how many names were removed; nil where one could not be.
  @discardableResult
  public static func remove(_ path: String) -> Int? {
    var facts = stat()
    guard lstat(path, &facts) == 0 else { return errno == ENOENT ? 0 : nil }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return unlink(path) == 0 ? 1 : nil }
    var count = 0
    // Links first: what they hold runs no more when its maps go.
    for name in names(in: path).sorted(by: { ($0.hasPrefix("link_") ? 0 : 1, $0) < ($1.hasPrefix("link_") ? 0 : 1, $1) }
    ) {
      guard let removed = remove("\(path)/\(name)") else { return nil }
      count += removed
    }
    return rmdir(path) == 0 ? count + 1 : nil
  }

  /// What is in a directory; nothing where there is none.
  public static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

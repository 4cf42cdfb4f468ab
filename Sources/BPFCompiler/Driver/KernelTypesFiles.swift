// SPDX-License-Identifier: Apache-2.0

import BTF

/// The files that a kernel's types are in: its own, and beside one that is called `vmlinux` those of its modules, as in
/// `/sys/kernel/btf`.
struct KernelTypesFiles {
  let path: String

  /// nil if the kernel has no BTF: then a probe may not name its types.
  func kernel() throws -> BTFTypes? {
    guard Files.exists(path) else { return nil }
    return try BTFTypes(bytes: try Files.read(path, ifStartingWith: BTFTypes.magics))
  }

  /// In the order of their names. Skips files that do not continue the kernel's types, and modules that leave
  /// meanwhile.
  func modules(of kernel: BTFTypes) -> [BTFTypes] {
    guard path.hasSuffix("/vmlinux") else { return [] }
    return Files.list(String(path.dropLast("/vmlinux".utf8.count)), suffix: "").compactMap { file in
      file == path ? nil : try? BTFTypes(bytes: try Files.read(file, ifStartingWith: BTFTypes.magics), base: kernel)
    }
  }
}

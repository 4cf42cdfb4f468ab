// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// A descriptor of an eBPF object that some process holds.
package struct HeldObject: Sendable {
  package var processID: Int32
  /// `bpf-prog`, `bpf-map`, `bpf_link`.
  package var kind: String
  /// What fdinfo says of it.
  package var fields: DescriptorFields
}

extension HeldObject {
  /// Those of all processes that the caller may see; the others are left out. Goes through all descriptors in /proc.
  package static func all() -> [HeldObject] {
    var held: [HeldObject] = []
    forEachEntry("/proc") { _, process in
      guard let processID = Int32(process) else { return }
      forEachEntry("/proc/\(process)/fd") { folder, descriptor in
        // Few of them are bpf's, as the link's text tells.
        guard let kind = link(folder, descriptor), kind.hasPrefix("anon_inode:bpf"),
          let fields = try? DescriptorFields(of: "/proc/\(process)/fdinfo/\(descriptor)")
        else { return }
        held.append(
          HeldObject(processID: processID, kind: String(kind.dropFirst("anon_inode:".count)), fields: fields))
      }
    }
    return held
  }

  /// Calls `body` with the folder's descriptor and each name in it.
  private static func forEachEntry(_ folder: String, _ body: (CInt, String) -> Void) {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    let descriptor = dirfd(stream)
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { body(descriptor, name) }
    }
  }

  private static func link(_ folder: CInt, _ name: String) -> String? {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlinkat(folder, name, start.assumingMemoryBound(to: CChar.self), buffer.count)
      return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
  }
}

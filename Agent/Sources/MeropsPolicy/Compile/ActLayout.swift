// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// The paths of the act that a thread does, by thread id: written by `paths.bpf.swift`, read by what is compiled from rules.
///
/// The number of bytes behind it (8); a verdict (``VerdictLayout``), of which the lengths of the paths and two flags are filled
/// in; the path, and the target's path, each with names leaf first (`shadow\0etc\0`), and zeroes up to the end of its room.
public enum ActLayout {
  static let record: Int16 = 8
  static let path: Int16 = record + Int16(VerdictLayout.size)
  /// Bytes of a path; a longer one is cut.
  public static let pathBytes = 512
  static let target: Int16 = path + Int16(pathBytes)
  /// What a builder of the kernel's programs has room for, and what the map has for each thread.
  static let capacity = VerdictLayout.size + 2 * pathBytes
  static let valueBytes = 8 + 2 * capacity + 256

  /// The paths behind a verdict.
  ///
  /// - Parameter record: a verdict with the paths behind it.
  public static func paths(of record: [UInt8]) -> (path: Text?, target: Text?) {
    func number(_ offset: Int16) -> Int {
      let bytes = record.dropFirst(Int(offset)).prefix(4)
      return Int(bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
    let flags = number(VerdictLayout.pathFlags)
    func path(_ place: Int16, _ length: Int16, _ cut: Int) -> Text? {
      let names = record.dropFirst(Int(place - Self.record)).prefix(min(number(length), pathBytes))
      var whole: [UInt8] = []
      for name in names.split(separator: 0).reversed() { whole += [0x2f] + name }
      if whole.isEmpty {
        // The root, or a second path that there is not.
        guard place == Self.path, flags & cut == 0 else { return nil }
        whole = [0x2f]
      }
      return Text(whole, isCut: flags & cut != 0)
    }
    return (
      path(Self.path, VerdictLayout.pathBytes, 1), path(Self.target, VerdictLayout.targetBytes, 2)
    )
  }

  /// A value as the kernel's programs write it: for tests and for programs that run in user space.
  public static func value(path: [UInt8]?, target: [UInt8]? = nil) -> [UInt8] {
    var value = [UInt8](repeating: 0, count: valueBytes)
    var end = Int(Self.path)
    var flags: UInt32 = 0
    func put(_ bytes: [UInt8], _ offset: Int) { value.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
    for (index, text) in [path, target].enumerated() {
      guard let text else { continue }
      let whole = ProcessLayout.packed(text) ?? []
      let start = Int(index == 0 ? Self.path : Self.target)
      let bytes = Array(whole.prefix(pathBytes))
      if bytes.count < whole.count { flags |= 1 << UInt32(index) }
      put(bytes, start)
      put(ProcessLayout.bytes(UInt32(bytes.count)), Int(record + VerdictLayout.pathBytes) + 4 * index)
      end = start + bytes.count
    }
    put(ProcessLayout.bytes(flags), Int(record + VerdictLayout.pathFlags))
    put(ProcessLayout.bytes(UInt64(end - 8)), 0)
    return value
  }
}

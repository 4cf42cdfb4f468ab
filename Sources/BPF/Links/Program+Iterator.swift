// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension Program {
  func attachIterator(_ target: IteratorTarget) throws(BPFError) -> Link {
    let place = spec.map(\.sectionName) ?? "iterator"
    try requireType(.tracing, for: place)
    // union bpf_iter_link_info: map_fd | {order, cgroup_fd, cgroup_id} | {tid, pid, pid_fd}, all 32 bits but the id.
    let words: [UInt32]
    var requires = "5.8"
    switch target {
    case .all: words = []
    case .map(let map): words = [UInt32(bitPattern: map.fd)]
    case .thread(let id):
      words = [id, 0, 0, 0]
      requires = "6.1"
    case .process(let id):
      words = [0, id, 0, 0]
      requires = "6.1"
    case .cgroup(let path, let order):
      let cgroup = try openTarget(path, "cgroup \(path)")
      return try createLink(
        at: place, attachType: .traceIter,
        detail: .iterator(bytes([order.rawValue, UInt32(bitPattern: cgroup.rawValue), 0, 0])), requires: "6.1")
    }
    return try createLink(
      at: place, attachType: .traceIter, detail: words.isEmpty ? .none : .iterator(bytes(words)), requires: requires)
  }

  private func bytes(_ words: [UInt32]) -> [UInt8] { words.withUnsafeBytes { Array($0) } }
}

extension Link {
  /// Runs the iterator once over all there is now, and returns what its program wrote.
  ///
  /// - Requires: Linux 5.8, an iterator's link
  public borrowing func output() throws(BPFError) -> [UInt8] {
    var result: [UInt8] = []
    try read { result.append(contentsOf: $0) }
    return result
  }

  /// Runs the iterator once, passing on what its program writes as it comes.
  ///
  /// - Parameters:
  ///   - body: gets a buffer that is valid during the call.
  /// - Requires: Linux 5.8, an iterator's link
  public borrowing func read(_ body: (UnsafeRawBufferPointer) -> Void) throws(BPFError) {
    guard let fd else { throw BPFError(.invalid, "reading \(place)", detail: "it is no iterator") }
    do throws(Errno) {
      let file = try BPFCall.createIterator(link: fd)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
      defer { buffer.deallocate() }
      while true {
        let count = try SystemFile.read(file, into: buffer)
        guard count > 0 else { return }
        body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    } catch {
      throw BPFError("reading \(place)", errno: error)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import Synchronization

/// The entries that one link has in the maps of `usdt.bpf.h`: in `__bpf_usdt_specs`, and on kernels without cookies in
/// `__bpf_usdt_ip_to_spec_id`. They are free again when the link goes.
final class USDTEntries: Attachment {
  /// Which entries of which map (by id) are in use by this process, the only one that fills it.
  private static let used = Mutex<[UInt32: Set<UInt32>]>([:])

  private let map: AnyMap
  private let addresses: AnyMap?
  private let place: String
  private let entries = Mutex<[USDTSpec: UInt32]>([:])
  private let keys = Mutex<[[UInt8]]>([])

  init(of program: Program, _ place: String) throws(BPFError) {
    self.place = place
    var (specs, addresses): (AnyMap?, AnyMap?)
    for id in try program.info().mapIDs {
      let map = try AnyMap(id: id)
      // The kernel keeps 15 bytes of a name.
      if map.name.hasPrefix("__bpf_usdt_spec") { specs = map }
      if map.name.hasPrefix("__bpf_usdt_ip_t") { addresses = map }
    }
    guard let specs else {
      throw BPFError(
        .invalid, "attaching \(program.name) to \(place)", detail: "the program does not use the map __bpf_usdt_specs",
        hint: "include <bpf/usdt.bpf.h> and read the arguments with bpf_usdt_arg()")
    }
    (map, self.addresses) = (specs, addresses)
  }

  /// The entry for these arguments, shared by the places that have the same.
  func insert(_ text: String, cookie: UInt64) throws(BPFError) -> UInt32 {
    let value: [UInt8]
    let spec: USDTSpec
    do {
      spec = try USDTSpec(text, cookie: cookie)
      value = try spec.bytes(valueSize: Int(map.info.valueSize))
    } catch {
      throw BPFError(.invalid, "attaching to \(place)", detail: error.description)
    }
    if let index = entries.withLock({ $0[spec] }) { return index }
    let capacity = UInt32(clamping: map.info.maxEntries)
    let id = map.info.id
    let index = Self.used.withLock { used -> UInt32? in
      var taken = used[id, default: []]
      guard let free = (0..<capacity).first(where: { !taken.contains($0) }) else { return nil }
      taken.insert(free)
      used[id] = taken
      return free
    }
    guard let index else {
      throw BPFError(
        .full, "attaching to \(place)", detail: "all \(capacity) entries of map __bpf_usdt_specs are in use",
        hint: "compile with a larger BPF_USDT_MAX_SPEC_CNT")
    }
    entries.withLock { $0[spec] = index }
    try map.set(value, for: [index].withUnsafeBytes { Array($0) })
    return index
  }

  /// Says which entry is that of the probe at an address.
  func name(_ index: UInt32, by address: UInt64) throws(BPFError) {
    guard let addresses else {
      throw BPFError(
        .invalid, "attaching to \(place)", detail: "the program does not use the map __bpf_usdt_ip_to_spec_id",
        requires: "5.15",
        hint: "include <bpf/usdt.bpf.h> and read the arguments with bpf_usdt_arg()")
    }
    let key = withUnsafeBytes(of: address) { Array($0) }
    do {
      try addresses.set(withUnsafeBytes(of: index) { Array($0) }, for: key, if: .absent)
    } catch {
      guard error.code == .exists else { throw error.within("attaching to \(place)") }
      // Programs find their arguments by address alone.
      throw BPFError(
        .exists, "attaching to \(place)",
        detail: "another link has the probe at address 0x\(String(address, radix: 16))",
        requires: "5.15", hint: "detach the other link first")
    }
    keys.withLock { $0.append(key) }
  }

  var linkFD: CInt? { nil }

  deinit { release() }

  func detach() throws(BPFError) { release() }

  private func release() {
    let mine = entries.withLock { entries in
      defer { entries = [:] }
      return Set(entries.values)
    }
    let id = map.info.id
    Self.used.withLock { $0[id]?.subtract(mine) }
    let addressed = keys.withLock { keys in
      defer { keys = [] }
      return keys
    }
    for key in addressed { _ = try? addresses?.delete(key) }
  }

  func replace(with program: Program, expecting old: Program?) throws(BPFError) {
    throw cannotReplace(place)
  }
}

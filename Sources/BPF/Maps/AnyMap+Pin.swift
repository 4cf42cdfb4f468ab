// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension AnyMap {
  /// Names the map in a bpffs, where it stays until the name is removed.
  ///
  /// - Requires: Linux 4.4
  /// - Throws: `exists` when the name is taken.
  public func pin(at path: String) throws(BPFError) {
    do {
      try BPFCall.pin(fd: fd, at: path)
    } catch {
      throw Pinning.failure("pinning map \(label) at \(path)", at: path, error)
    }
  }

  /// Removes a pin; the map stays for as long as something else holds it.
  public static func unpin(_ path: String) throws(BPFError) {
    // Opening it first makes sure that nothing else is removed.
    _ = try Pinning.open(path, as: .map)
    try Pinning.remove(path)
  }

  /// Takes user space's right to write away, for good. A program that is loaded from then on may rely on the contents
  /// of a map that programs cannot write either: its values are constants to the verifier.
  ///
  /// - Requires: Linux 5.2
  public func freeze() throws(BPFError) {
    do {
      try BPFCall.freeze(fd: fd)
    } catch {
      throw BPFError(
        "freezing map \(label)", errno: error,
        hint: error == .resourceBusy ? "it is frozen already, or its memory is mapped for writing" : nil)
    }
  }

  /// Opens a pinned map, which must be what would be created otherwise.
  ///
  /// - Returns: nil when nothing is pinned there.
  /// - Throws: `mapMismatch`, naming each difference.
  public static func reuse(
    pinned path: String, as parameters: MapParameters, types: MapTypes? = nil
  ) throws(BPFError) -> AnyMap? {
    let descriptor: Descriptor
    do throws(BPFError) {
      descriptor = try Pinning.open(path, as: .map)
    } catch {
      if error.errno == .noSuchFileOrDirectory { return nil }
      throw error
    }
    let map = try AnyMap(
      owning: descriptor, name: parameters.name.isEmpty ? nil : parameters.name, types: types)
    let differences = try parameters.differences(from: map.info)
    guard differences.isEmpty else {
      throw BPFError(
        .mapMismatch, "reusing the pinned map \(path)", detail: differences.joined(separator: "; "),
        hint: "remove the pin if its contents are not needed, or make the definitions agree")
    }
    return map
  }

  /// Opens a pinned map, or creates it and pins it.
  ///
  /// When somebody else pins one at the same moment, that one is used.
  ///
  /// - Throws: `mapMismatch`, naming each difference.
  public static func openOrCreate(
    pinned path: String, _ parameters: MapParameters, types: MapTypes? = nil, inner: AnyMap? = nil
  ) throws(BPFError) -> AnyMap {
    if let map = try reuse(pinned: path, as: parameters, types: types) { return map }
    let map = try AnyMap(creating: parameters, types: types, inner: inner)
    do {
      try map.pin(at: path)
      return map
    } catch {
      guard error.code == .exists, let other = try reuse(pinned: path, as: parameters, types: types) else {
        throw error
      }
      return other
    }
  }
}

extension MapParameters {
  /// How an existing map differs from what would be created, each difference in words; empty when it can stand in.
  ///
  /// Not differences: the rounding of a ring's size, and the flag that the kernel itself adds to device maps.
  public func differences(from info: MapInfo) throws(BPFError) -> [String] {
    var result: [String] = []
    func compare(_ what: String, _ is: some Equatable, _ asked: some Equatable, _ equal: Bool) {
      if !equal { result.append("its \(what) is \(`is`), not \(asked)") }
    }
    compare("type", info.type, type, info.type == type)
    compare("key size", info.keySize, keySize, info.keySize == keySize)
    compare("value size", info.valueSize, valueSize, info.valueSize == valueSize)
    let entries = try effectiveMaxEntries()
    compare("number of entries", info.maxEntries, entries, info.maxEntries == entries)
    let existing = info.flags.subtracting(flagsOfKernel)
    let asked = flags.subtracting(flagsOfKernel)
    compare("set of flags", existing.hex, asked.hex, existing == asked)
    if type == .bloomFilter || type == .arena {
      compare("extra word", info.extra, extra, info.extra == extra)
    }
    return result
  }

  /// Flags that say how a map was asked for and not what it is, or that the kernel sets.
  private var flagsOfKernel: MapFlags {
    let always: MapFlags = [.token, .moduleValueType]
    return type == .devmap || type == .devmapHash ? always.union(.readOnlyForPrograms) : always
  }

  /// Elements as the kernel will have them: rings in powers of two of pages, perf event arrays by CPU.
  func effectiveMaxEntries() throws(BPFError) -> Int {
    switch type {
    case .ringBuffer, .userRingBuffer: AnyMap.ringSize(maxEntries)
    case .perfEventArray where maxEntries == 0: try AnyMap.possibleCPUs()
    default: maxEntries
    }
  }
}

extension MapFlags {
  fileprivate var hex: String { "0x\(String(rawValue, radix: 16))" }
}

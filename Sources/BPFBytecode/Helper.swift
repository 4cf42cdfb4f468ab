// SPDX-License-Identifier: Apache-2.0

/// A kernel helper: a function that programs call by number.
///
/// The set is open, as a program may carry any number, but the kernel's list is frozen at 211: newer abilities come as
/// kernel functions that are called by BTF id.
///
/// Source: `___BPF_FUNC_MAPPER` in `include/uapi/linux/bpf.h`.
public struct Helper: RawRepresentable, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// `BPF_FUNC_...`: from 1.
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The helper of this name, with or without the prefix `bpf_`.
  public init?(named name: some StringProtocol) {
    let short = name.hasPrefix("bpf_") ? String(name.dropFirst(4)) : String(name)
    guard let number = Helper.numbers[short] else { return nil }
    rawValue = number
  }

  /// The name without the prefix `bpf_` ("map_lookup_elem"); nil for a number that no kernel defines.
  public var name: String? { entry?.name }

  /// The first kernel that has this helper; nil for a number that no kernel defines.
  public var minimumKernel: KernelVersion? { entry?.since }

  /// "bpf_map_lookup_elem", or "helper 4711" for an unknown number.
  public var description: String { name.map { "bpf_" + $0 } ?? "helper \(rawValue)" }

  public static var allCases: [Helper] { table.indices.map { Helper(rawValue: UInt32($0 + 1)) } }

  public static let mapLookupElement = Helper(rawValue: 1)
  public static let mapUpdateElement = Helper(rawValue: 2)
  public static let mapDeleteElement = Helper(rawValue: 3)
  public static let probeRead = Helper(rawValue: 4)
  public static let ktimeGetNS = Helper(rawValue: 5)
  public static let tracePrintk = Helper(rawValue: 6)
  public static let tailCall = Helper(rawValue: 12)
  public static let getCurrentPIDTGID = Helper(rawValue: 14)
  public static let getAttachCookie = Helper(rawValue: 174)
  public static let probeReadKernel = Helper(rawValue: 113)
  public static let perfEventOutput = Helper(rawValue: 25)
  public static let ringbufOutput = Helper(rawValue: 130)
  public static let ringbufReserve = Helper(rawValue: 131)
}

extension Helper {
  private var entry: (name: String, since: KernelVersion)? {
    rawValue >= 1 && rawValue <= Helper.table.count ? Helper.table[Int(rawValue) - 1] : nil
  }

  private static let table: [(name: String, since: KernelVersion)] = releases.flatMap { release in
    release.names.split(separator: " ").map { (String($0), release.since) }
  }

  private static let numbers: [String: UInt32] = Dictionary(
    uniqueKeysWithValues: table.enumerated().map { ($1.name, UInt32($0 + 1)) })
}

// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

/// One entry of libbpf's section table: what a section's name says of the programs in it.
public struct SectionKind: Hashable, Sendable {
  /// The name, or the part before the `/`: `xdp`, `tp_btf.s`.
  public var name: String
  /// Whether `/` and a target may follow: `kprobe/do_exit`.
  public var takesTarget: Bool
  public var programType: ProgramType
  /// What the kernel expects the program to be attached as; nil if the type has one hook.
  public var attachType: AttachType?
  public var options: Options
  /// What its programs attach to.
  public var hook: HookKind
  /// The first kernel that loads and attaches such a program; `tc/...` falls back to a classifier before tcx.
  public var minimumKernel: KernelVersion

  public struct Options: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The loader finds the target by BTF, and hands it to the kernel with the program.
    public static let attachesByBTF = Options(rawValue: 4)
    /// The program may sleep: ``ProgramFlags/sleepable``.
    public static let isSleepable = Options(rawValue: 8)
    /// The program handles packets in fragments: ``ProgramFlags/xdpFragments``.
    public static let xdpFragments = Options(rawValue: 16)
    /// USDT probes. A kernel with uprobe multi links gets ``AttachType/traceUprobeMulti``.
    public static let isUSDT = Options(rawValue: 32)
  }

  /// The table's entry for a section, if its name (without a leading `?`) has one.
  ///
  /// A name matches if it is the entry's, or if the entry may have a target and `/` follows.
  public static func matching(_ sectionName: String) -> SectionKind? {
    if let exact = byName[sectionName] { return exact }
    guard let slash = sectionName.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    guard let kind = byName[String(sectionName[..<slash])], kind.takesTarget else { return nil }
    return kind
  }

  /// All entries, in libbpf's order.
  public static let all: [SectionKind] = table

  private static let byName: [String: SectionKind] = Dictionary(
    table.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

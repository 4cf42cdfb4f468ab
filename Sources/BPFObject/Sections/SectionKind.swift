// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode

/// One entry of libbpf's section table: what a section's name says of the programs in it.
public struct SectionKind: Hashable, Sendable {
  /// The name, or the part before the `/`: `xdp`, `tp_btf.s`.
  public var name: String
  /// Whether `/` and a target may follow: `kprobe/do_exit`.
  public var takesTarget: Bool
  public var programType: ProgramType
  /// What the kernel is told to expect; nil if the type has no choice.
  public var attachType: AttachType?
  public var options: Options
  /// How such a program attaches by itself when all of its object's are attached.
  public var attachment: Attachment
  /// The first kernel that loads and attaches such a program; `tc/...` falls back to a classifier before tcx.
  public var minimumKernel: KernelVersion

  public struct Options: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// A kernel that does not know expected attach types (before 4.17) may be told none.
    public static let attachTypeIsOptional = Options(rawValue: 1)
    /// Programs attach with `BPF_PROG_ATTACH` or a link of their attach type, at a target that the user chooses.
    public static let isAttachable = Options(rawValue: 2)
    /// The target is found by BTF and told to the kernel when the program is loaded.
    public static let attachesByBTF = Options(rawValue: 4)
    /// The program may sleep: ``ProgramFlags/sleepable``.
    public static let isSleepable = Options(rawValue: 8)
    /// The program handles packets in fragments: ``ProgramFlags/xdpFragments``.
    public static let xdpFragments = Options(rawValue: 16)
    /// USDT probes. A kernel with uprobe multi links is told ``AttachType/traceUprobeMulti``.
    public static let isUSDT = Options(rawValue: 32)
  }

  /// How a program attaches by itself, if it does.
  public enum Attachment: Hashable, Sendable {
    /// Not by itself: the user has to say where.
    case none
    /// At a kernel function, `function+offset`.
    case kprobe(isReturn: Bool)
    /// At all kernel functions whose names match a pattern.
    case kprobeMulti(isReturn: Bool)
    /// At all kernel functions whose names match a pattern, on entry and return.
    case kprobeSession
    /// At a system call's function, whatever it is called on this machine.
    case ksyscall(isReturn: Bool)
    /// At a user function, `file:function+offset`.
    case uprobe(isReturn: Bool)
    /// At all user functions whose names match a pattern, `file:pattern`.
    case uprobeMulti(isReturn: Bool)
    /// At all user functions whose names match a pattern, on entry and return.
    case uprobeSession
    /// At a static user probe, `file:provider:name`.
    case usdt
    /// At a tracepoint, `category/name`.
    case tracepoint
    /// At a tracepoint, by name alone.
    case rawTracepoint
    /// At what was chosen when the program was loaded: fentry, fexit, fmod_ret, fsession, tp_btf, freplace.
    case tracing
    /// At all functions that match a pattern, by BTF.
    case tracingMulti
    /// At the hook that was chosen when the program was loaded.
    case lsm
    /// Nowhere: a link whose iterators user space reads.
    case iterator
  }

  /// The table's entry for a section, if its name (without a leading `?`) has one.
  ///
  /// A name matches if it is the entry's, or if the entry takes a target and `/` follows.
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

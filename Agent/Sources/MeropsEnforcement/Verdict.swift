// SPDX-License-Identifier: Apache-2.0

public import MeropsModel
public import MeropsPolicy

/// What a rule decided about an act, as the kernel tells it.
public struct PolicyVerdict: Sendable {
  /// Nanoseconds since boot, with sleep.
  public var time: UInt64
  public var process: UInt32
  public var thread: UInt32
  /// The thread's name.
  public var command: Text
  public var cgroup: UInt64
  public var hook: PolicyHook
  /// How the kernel asked there.
  public var method: HookMethod?
  public var address: Address
  public var port: UInt16
  /// As IP numbers protocols: 6 is TCP.
  public var transport: UInt32
  /// What else is told of an act that has no address.
  public var numbers: [Field: UInt64] = [:]
  /// What the act is about: nil where it has no path, or none is known. A path whose directories were cut off says so.
  public var path: Text?
  /// The second path of an act that has two.
  public var target: Text?
  /// The policy set that decided.
  public var generation: UInt32
  /// The rule's place in that set.
  public var ruleNumber: Int
  /// nil where the set is older than what is remembered.
  public var rule: Rule?
  /// The kernel did not know a field that the rule asks for: what denies counts then, too.
  public var isUnknown: Bool
  /// It was told, and not carried out.
  public var isAudit: Bool

  /// - Returns: nil for bytes that are no verdict.
  init?(_ record: RawSpan) {
    guard record.byteCount >= VerdictLayout.size else { return nil }
    func number<Number: BitwiseCopyable & FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number {
      Number(littleEndian: record.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }
    guard let hook = PolicyHook(rawValue: number(42, UInt8.self)) else { return nil }
    time = number(0, UInt64.self)
    let both = number(8, UInt64.self)
    (process, thread) = (UInt32(both >> 32), UInt32(truncatingIfNeeded: both))
    address = Address(bits: UInt128(bigEndian: record.unsafeLoadUnaligned(fromByteOffset: 16, as: UInt128.self)))
    generation = number(32, UInt32.self)
    ruleNumber = Int(number(36, UInt32.self))
    port = number(40, UInt16.self)
    self.hook = hook
    let flags = number(43, UInt8.self)
    isUnknown = flags & VerdictLayout.isUnknown != 0
    isAudit = flags & VerdictLayout.isAudit != 0
    transport = number(44, UInt32.self)
    cgroup = number(48, UInt64.self)
    command = Text((56..<72).map { number($0, UInt8.self) }.prefix { $0 != 0 } + [])
    if let told = hook.security?.told {
      if let field = told.small { numbers[field] = UInt64(port) }
      if let field = told.large { numbers[field] = UInt64(transport) }
    }
    guard record.byteCount > VerdictLayout.size, hook.security?.paths.isEmpty == false else { return }
    let paths = ActLayout.paths(of: record.withUnsafeBytes { Array($0) })
    (path, target) = (paths.path, paths.target)
  }

  /// Where the kernel asked, and how: `cgroup/connect4`, `lsm/file_open`, `fmod_ret/security_file_open`.
  public var place: String { hook.place(method) }
}

extension PolicyVerdict {
  /// What was decided about.
  public var act: EventKind {
    // O_WRONLY, O_RDWR, O_TRUNC
    if hook == .fileOpen { return numbers[.fileFlags, default: 0] & 0x203 == 0 ? .fileOpen : .fileWrite }
    return hook.acts[0]
  }

  /// Appends the fields of the act, as an event of it has them.
  public func appendFacts(to facts: inout Facts) {
    if let (addressField, portField) = hook.fields {
      let names: [UInt32: String] = [6: "tcp", 17: "udp"]
      facts.append(.networkTransport, .text(Text(names[transport] ?? "\(transport)")))
      facts.append(addressField, .address(address))
      facts.append(portField, UInt64(port))
    }
    if let path { facts.append(.filePath, .text(path)) }
    if let target { facts.append(.fileTarget, .text(target)) }
    for (field, number) in numbers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { facts.append(field, number) }
  }
}

extension PolicyHook {
  /// Where the kernel asks, and how: `cgroup/connect4`, `lsm/file_open`, `fmod_ret/security_file_open`.
  public func place(_ method: HookMethod?) -> String {
    guard let security, let method else { return name }
    return method == .lsm ? "lsm/\(security.name)" : "\(method.rawValue)/\(security.function)"
  }
}

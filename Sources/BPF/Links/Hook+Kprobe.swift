// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BPFValues
import SystemPackage

extension Hook {
  /// A kernel function's entry, or the instruction `offset` bytes after it. A module's function is `module:function`.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func kprobe(function: String, offset: UInt64 = 0, cookie: UInt64 = 0) -> Hook {
    Hook("kprobe \(function)\(offset == 0 ? "" : "+\(offset)")", .kprobe) { (program, place) throws(BPFError) in
      Link(
        try program.kprobeAttachment(function, offset: offset, isReturn: false, cookie: cookie, place), place: place)
    }
  }

  /// A kernel function's return.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func kretprobe(function: String, cookie: UInt64 = 0) -> Hook {
    Hook("kretprobe \(function)", .kprobe) { (program, place) throws(BPFError) in
      Link(try program.kprobeAttachment(function, offset: 0, isReturn: true, cookie: cookie, place), place: place)
    }
  }

  /// The function of a system call, whatever it is called on this machine: `systemCall("openat")`.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func systemCall(_ name: String, isReturn: Bool = false, cookie: UInt64 = 0) -> Hook {
    let function = Machine.systemCallPrefix + name
    return isReturn ? .kretprobe(function: function, cookie: cookie) : .kprobe(function: function, cookie: cookie)
  }

  /// The functions that a kprobe.multi or kprobe.session program attaches to.
  public struct KprobeMulti: Sendable {
    /// Function names; patterns with `*` and `?` are matched against what the kernel can trace.
    public var functions: [String]
    public var isReturn: Bool
    /// One for each function, or none. Not with patterns.
    public var cookies: [UInt64]

    public init(_ functions: [String], isReturn: Bool = false, cookies: [UInt64] = []) {
      self.functions = functions
      self.isReturn = isReturn
      self.cookies = cookies
    }
  }

  /// Many kernel functions in one link.
  ///
  /// - Requires: Linux 5.18, built with CONFIG_FPROBE
  public static func kprobeMulti(_ probe: KprobeMulti) -> Hook {
    let names = probe.functions.joined(separator: ",")
    return Hook("kprobe.multi \(names)", .kprobe) { (program, words) throws(BPFError) in
      let place = program.attachType == .traceKprobeSession ? "kprobe.session \(names)" : words
      var detail = LinkCreate.KprobeMulti()
      var traceable: Set<String>?
      for function in probe.functions {
        guard Glob.isPattern(function) else {
          detail.symbols.append(function)
          continue
        }
        if traceable == nil { traceable = try traceableFunctions() }
        let matches = (traceable ?? []).filter { Glob.matches(function, $0) }
        guard !matches.isEmpty else {
          throw BPFError(
            .notFound, "attaching \(program.name) to \(place)", detail: "no traceable function matches '\(function)'",
            hint: "see /sys/kernel/tracing/available_filter_functions")
        }
        detail.symbols += matches.sorted()
      }
      detail.cookies = probe.cookies
      detail.flags = probe.isReturn ? 1 : 0
      return try program.createLink(
        at: place, attachType: program.attachType ?? .traceKprobeMulti, detail: .kprobeMulti(detail), requires: "5.18"
      ) { error in
        switch error {
        case .notSupported: return "this kernel is built without CONFIG_FPROBE; use SEC(\"kprobe/...\")"
        case .noSuchProcess, .noSuchFileOrDirectory:
          let known = (try? traceableFunctions()) ?? []
          let missing = probe.functions.filter { !Glob.isPattern($0) && !known.contains($0) }
          return missing.isEmpty ? nil : "the kernel cannot trace \(missing.joined(separator: ", "))"
        default: return nil
        }
      }
    }
  }

  /// What the kernel can attach to by ftrace.
  private static func traceableFunctions() throws(BPFError) -> Set<String> {
    do throws(Errno) {
      // "name" or "name [module]", one a line.
      return Set(
        try TraceFS().text("available_filter_functions").split(separator: "\n").compactMap { line in
          line.split(separator: " ").first.map(String.init)
        })
    } catch {
      throw BPFError(
        "listing the kernel's functions", errno: error,
        hint: error == .noSuchFileOrDirectory
          ? "this kernel is built without CONFIG_DYNAMIC_FTRACE: name the functions instead of a pattern" : nil)
    }
  }
}

extension Program {
  fileprivate func kprobeAttachment(
    _ function: String, offset: UInt64, isReturn: Bool, cookie: UInt64, _ place: String
  ) throws(BPFError) -> any Attachment {
    let unit = try probeUnit("kprobe", "CONFIG_KPROBE_EVENTS", place)
    // Later kernels refuse such a name, earlier ones choose one of the functions.
    if KernelVersion.current < KernelVersion(6, 7), let count = Self.functions(named: function), count > 1 {
      throw ambiguous(function, count, place)
    }
    let event: Descriptor
    do {
      event = try Perf.open(
        .kprobe(unit: unit, function: function, offset: offset, isReturn: isReturn), cpu: 0)
    } catch {
      if error == .addressNotAvailable { throw ambiguous(function, Self.functions(named: function), place) }
      let hint: String? =
        switch error {
        case .noSuchFileOrDirectory, .invalidArgument:
          switch Self.functions(named: function) {
          case 0?: "this kernel has no such function: it may be inlined or have another name; see /proc/kallsyms"
          case .some: "the kernel does not allow a probe there; see /sys/kernel/debug/kprobes/blacklist"
          case nil: "the function may be inlined, have another name or be closed to probes; see /proc/kallsyms"
          }
        case Errno(rawValue: 84): "no instruction starts at this offset"  // EILSEQ
        default: nil
        }
      throw attachError(place, error, hint: hint)
    }
    return try perfAttachment(event, cookie: cookie, place)
  }

  private func ambiguous(_ function: String, _ count: Int?, _ place: String) -> BPFError {
    BPFError(
      .invalid, "attaching \(name) to \(place)",
      detail: "the kernel has \(count.map(String.init) ?? "several") functions named \(function)",
      hint: "SEC(\"kprobe.multi/\(function)\") attaches to all of them; an offset from another function names one")
  }

  /// How many functions of the kernel have a name; nil where that cannot be known.
  private static func functions(named name: String) -> Int? {
    guard !name.contains(":"), let found = try? KernelSymbols.find([name]) else { return nil }
    return (found[name] ?? []).filter { [UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "W")].contains($0.kind) }
      .count
  }

  /// Perf's unit for probes.
  func probeUnit(_ unit: String, _ option: String, _ place: String) throws(BPFError) -> PerformanceUnit {
    do { return try PerformanceUnit(unit) } catch {
      guard error == .noSuchFileOrDirectory, SystemFile.exists("/sys/bus/event_source/devices") else {
        throw BPFError(
          "attaching \(name) to \(place)", errno: error,
          detail: "/sys/bus/event_source/devices/\(unit) cannot be read")
      }
      throw BPFError(
        .unsupported, "attaching \(name) to \(place)", detail: "this kernel is built without \(option)")
    }
  }
}

/// The machine that this is compiled for.
enum Machine {
  #if arch(x86_64)
    static let triple = "x86_64-linux-gnu"
    static let systemCallPrefix = "__x64_sys_"
  #elseif arch(arm64)
    static let triple = "aarch64-linux-gnu"
    static let systemCallPrefix = "__arm64_sys_"
  #else
    static let triple = "unknown"
    static let systemCallPrefix = "sys_"
  #endif
}

/// Patterns of `*` (any run) and `?` (any one character), as in section names.
enum Glob {
  static func isPattern(_ text: String) -> Bool {
    text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
  }

  /// - Complexity: the product of the lengths, without recursion.
  static func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let text = Array(text.utf8)
    var p = 0
    var t = 0
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
        p += 1
        t += 1
      } else if let last = star {
        p = last.pattern + 1
        t = last.text + 1
        star = (last.pattern, t)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

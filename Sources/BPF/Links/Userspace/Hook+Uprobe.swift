// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension Hook {
  /// Where a uprobe attaches.
  public struct Uprobe: Sendable {
    /// An executable's or library's path. A bare name ("libc.so.6", "bash") is searched for as the linker and shell do.
    public var path: String
    /// A function symbol, or nil for ``offset`` alone. `name@VERSION` chooses among the versions of a library's symbol;
    /// a name alone means the default one.
    public var symbol: String?
    /// Bytes from the symbol; without a symbol, from the start of the file.
    public var offset: UInt64
    public var isReturn: Bool
    /// Only this process; nil for every one.
    public var processID: Int32?
    /// File offset of a counter that the kernel raises while the probe is attached.
    public var semaphoreOffset: UInt64
    public var cookie: UInt64

    public init(
      path: String, symbol: String? = nil, offset: UInt64 = 0, isReturn: Bool = false, processID: Int32? = nil,
      semaphoreOffset: UInt64 = 0, cookie: UInt64 = 0
    ) {
      self.path = path
      self.symbol = symbol
      self.offset = offset
      self.isReturn = isReturn
      self.processID = processID
      self.semaphoreOffset = semaphoreOffset
      self.cookie = cookie
    }
  }

  /// A place in an executable or shared library.
  ///
  /// - Requires: a cookie Linux 5.15
  public static func uprobe(_ probe: Uprobe) -> Hook {
    let symbol = probe.symbol.map { probe.offset == 0 ? $0 : "\($0)+\(probe.offset)" }
    let words = "\(probe.path):\(symbol ?? "0x\(String(probe.offset, radix: 16))")"
    return Hook("\(probe.isReturn ? "uretprobe" : "uprobe") \(words)", .kprobe) { (program, place) throws(BPFError) in
      guard !probe.isReturn || probe.symbol == nil || probe.offset == 0 else {
        throw BPFError(
          .invalid, "attaching \(program.name) to \(place)", detail: "a return does not have an offset")
      }
      let file = try ExecutableFile(probe.path)
      var resolved = probe
      resolved.path = file.path
      if let symbol = probe.symbol {
        resolved.offset = try file.offset(of: symbol, plus: probe.offset)
      } else {
        try file.check(codeOffset: probe.offset)
      }
      return Link(try program.uprobeAttachment(resolved, place), place: place)
    }
  }

  /// Where a uprobe.multi or uprobe.session program attaches.
  public struct UprobeMulti: Sendable {
    /// As ``Uprobe/path``.
    public var path: String
    /// Function symbols; patterns with `*` and `?` are matched against the file's.
    public var symbols: [String]
    public var isReturn: Bool
    /// Only this process; nil for every one.
    public var processID: Int32?
    /// One for each symbol, or none. Not with patterns.
    public var cookies: [UInt64]

    public init(
      path: String, symbols: [String], isReturn: Bool = false, processID: Int32? = nil, cookies: [UInt64] = []
    ) {
      self.path = path
      self.symbols = symbols
      self.isReturn = isReturn
      self.processID = processID
      self.cookies = cookies
    }
  }

  /// Many places of one file in one link.
  ///
  /// - Requires: Linux 6.6
  public static func uprobeMulti(_ probe: UprobeMulti) -> Hook {
    let words = "\(probe.path):\(probe.symbols.joined(separator: ","))"
    return Hook("uprobe.multi \(words)", .kprobe) { (program, place) throws(BPFError) in
      let file = try ExecutableFile(probe.path)
      var offsets: [UInt64] = []
      for symbol in probe.symbols {
        offsets += Glob.isPattern(symbol) ? try file.offsets(matching: symbol) : [try file.offset(of: symbol)]
      }
      // Two names of one function are one place; cookies tell them apart.
      if probe.cookies.isEmpty {
        var seen: Set<UInt64> = []
        offsets = offsets.filter { seen.insert($0).inserted }
      } else if probe.cookies.count != offsets.count {
        throw BPFError(
          .invalid, "attaching \(program.name) to \(place)",
          detail: "there are \(probe.cookies.count) cookies for \(offsets.count) functions",
          hint: "give a cookie for each function, and name functions instead of patterns")
      }
      var detail = LinkCreate.UprobeMulti(path: file.path, offsets: offsets)
      detail.flags = probe.isReturn ? 1 : 0
      detail.cookies = probe.cookies
      detail.processID = UInt32(bitPattern: probe.processID ?? 0)
      return try program.createLink(
        at: place, attachType: program.attachType ?? .traceUprobeMulti, detail: .uprobeMulti(detail),
        requires: program.attachType == .traceUprobeSession ? "6.13" : "6.6")
    }
  }
}

extension Program {
  /// A uprobe at a file offset.
  func uprobeAttachment(_ probe: Hook.Uprobe, _ place: String) throws(BPFError) -> any Attachment {
    let unit = try probeUnit("uprobe", "CONFIG_UPROBE_EVENTS", place)
    let event: Descriptor
    do {
      let definition = PerfEvent.uprobe(
        unit: unit, path: probe.path, offset: probe.offset, isReturn: probe.isReturn, semaphore: probe.semaphoreOffset)
      // A probe fires on every processor, whichever one its event is opened for.
      event = try Perf.open(definition, processID: probe.processID ?? -1, cpu: probe.processID == nil ? 0 : -1)
    } catch {
      throw attachError(place, error)
    }
    return try perfAttachment(event, cookie: probe.cookie, place)
  }
}

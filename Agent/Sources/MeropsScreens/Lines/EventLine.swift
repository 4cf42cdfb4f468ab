// SPDX-License-Identifier: Apache-2.0

public import MeropsModel

/// An event in words: who did what, and what came of it.
public struct EventLine: Hashable, Sendable {
  /// Nanoseconds since 1970-01-01 UTC.
  public var time: UInt64
  /// `bash(812) deploy`.
  public var who: String
  /// One word: `exec`, `opened`, `asked`.
  public var did: String
  public var what: String
  /// `ok in 12.4 ms`; empty where there is nothing to say.
  public var outcome: String
  public var tone = Tone.plain

  /// How a line is colored, where there is color.
  public enum Tone: Hashable, Sendable {
    case plain
    /// It did not succeed.
    case failed
    /// Worth a look: privileges, other processes, the kernel itself.
    case notable
  }

  /// The line of an event.
  public init(_ event: Event, users: inout UserNames) {
    let reading = Reading(event)
    var actor = event.process
    // Who ran a program is the process that was there before, as a person at a shell sees it.
    if event.kind == .processExec || event.kind == .processFork, let parent = actor.parent { actor = parent }
    time = event.time
    who = Self.who(actor, &users)
    (did, what, outcome) = ("", "", "")
    switch event.kind.eventClass {
    case .process: describeProcess(reading, &users)
    case .file: describeFile(reading, &users)
    case .network: describeNetwork(reading)
    case .dns: describeDNS(reading)
    case .kernel: describeKernel(reading)
    case .agent: describeAgent(reading)
    case .policy: describePolicy(reading)
    }
    what = what.visible
    outcome = outcome.visible
  }

  /// `bash(812) deploy`.
  static func who(_ process: MeropsModel.Process, _ users: inout UserNames) -> String {
    let reading = Reading(process)
    let name = reading.text(.processName) ?? reading.text(.processExecutable)?.lastComponent ?? "?"
    let user = reading.number(.processUser).map { " " + users($0) } ?? ""
    return "\(name)(\(process.key.pid))\(user)".visible
  }

  /// Sets the outcome to the error, if there is one.
  mutating func fail(_ reading: Reading) -> Bool {
    guard let error = reading.number(.eventError) else { return false }
    outcome = Names.error(error)
    tone = .failed
    return true
  }

  /// Whether a person who watches wants the line unless told otherwise: forks are told by the programs that follow, exits
  /// without an error by nothing.
  public static func isWorthShowing(_ event: Event) -> Bool {
    switch event.kind {
    case .processFork: false
    case .processExit: event[.exitSignal] != nil || event[.exitCode] != .int(0)
    default: true
    }
  }
}

/// The facts of an event, or else of its process, as words.
struct Reading {
  let kind: EventKind?
  private let value: (Field) -> Value?

  init(_ event: Event) {
    kind = event.kind
    value = { event[$0] }
  }

  init(_ process: MeropsModel.Process) {
    kind = nil
    value = { process.facts[$0] }
  }

  func text(_ field: Field) -> String? {
    guard case .text(let text) = value(field) else { return nil }
    return text.description
  }

  func texts(_ field: Field) -> [String]? {
    guard case .texts(let texts) = value(field) else { return nil }
    return texts.map(\.description)
  }

  func number(_ field: Field) -> UInt64? {
    switch value(field) {
    case .uint(let number): number
    case .int(let number): UInt64(exactly: number)
    default: nil
    }
  }

  func isTrue(_ field: Field) -> Bool { value(field) == .bool(true) }

  /// `192.0.2.7:443`, `[2001:db8::1]:443`.
  func endpoint(_ address: Field, _ port: Field) -> String? {
    guard case .address(let address) = value(address) else { return nil }
    let port = number(port).map { ":\($0)" } ?? ""
    return address.isIPv4 || port.isEmpty ? "\(address)\(port)" : "[\(address)]\(port)"
  }
}

extension String {
  var lastComponent: String { split(separator: "/").last.map(String.init) ?? self }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import MeropsControl
import MeropsExpression
import MeropsModel
import MeropsSensors
import MeropsStore
import Synchronization

/// Makes an agent of a configuration.
public final class Settings: Sendable {
  /// Where settings come from.
  public enum Origin: Hashable, Sendable {
    /// The usual file, if it is there.
    case usual
    case file(String)
    /// No file: the defaults.
    case none

    /// What messages call it.
    public var name: String {
      switch self {
      case .usual: ConfigurationFile.defaultPath
      case .file(let path): path
      case .none: "the defaults"
      }
    }
  }

  private let origin: Origin
  private let configuration: Mutex<Configuration>
  private let log = Logger(label: "merops")
  // Held as long as the settings live.
  private let lock: AgentLock

  /// - Parameters:
  ///   - socket: a socket instead of the file's.
  /// - Throws: ``AgentError`` if the file is wrong, or another agent runs.
  public init(_ origin: Origin, socket: String?, inMemory: Bool) throws {
    self.origin = origin
    var configuration = try Self.read(origin)
    if let socket { configuration.socket = socket }
    if inMemory { configuration.storage = .memory }
    let folder = (configuration.socket as NSString).deletingLastPathComponent
    try Self.makeFolder(folder, 0o755)
    lock = try AgentLock(configuration.socket + ".lock")
    self.configuration = Mutex(configuration)
  }

  /// What the settings say.
  public static func read(_ origin: Origin) throws -> Configuration {
    if origin == .none { return Configuration() }
    guard let data = FileManager.default.contents(atPath: origin.name) else {
      if origin == .usual, !FileManager.default.fileExists(atPath: origin.name) { return Configuration() }
      throw AgentError("The file \(origin.name) cannot be read.")
    }
    return try ConfigurationFile.read(String(decoding: data, as: UTF8.self), name: origin.name)
  }

  /// An agent that watches this machine.
  ///
  /// - Parameters:
  ///   - output: a descriptor that gets events as JSON lines; nil for none.
  ///   - condition: which of them.
  ///   - closed: called when nobody reads those any more.
  public func agent(
    output: CInt? = nil, where condition: String? = nil, closed: @escaping @Sendable () -> Void = {}
  ) throws -> Agent {
    let configuration = configuration.withLock { $0 }
    var options = Agent.Options(socket: configuration.socket, version: Version.text)
    options.group = configuration.group.flatMap(Self.group)
    options.port = configuration.port
    if configuration.port != nil { options.token = try Self.token(configuration.tokenFile) }
    var filter: (@Sendable (Event) -> Bool)?
    if let condition {
      do {
        let expression = try EventExpression(condition)
        filter = { expression.evaluate($0) == .yes }
      } catch {
        throw AgentError(error.described(in: condition, file: "--where"))
      }
    }
    let source = try Sensors(Self.sensorOptions(configuration))
    for report in source.reports where report.missing != nil {
      log.notice("\(report.sensor): \(report.missing ?? "")")
    }
    let archive = try Self.archive(configuration, log)
    let sinks: [any EventSink] = output.map { [LinesOutput($0, where: filter, closed: closed)] } ?? []
    return Agent(options, source: source, archive: archive, sinks: sinks, log: log)
  }

  /// Reads the file again. A mistake in it changes nothing.
  public func reload() {
    do {
      let new = try Self.read(origin)
      let old = configuration.withLock { $0 }
      let changed = ConfigurationKey.all.filter { $0.show(new) != $0.show(old) }
      guard !changed.isEmpty else { return log.notice("the settings are as they were") }
      let later = changed.filter { !$0.isLive }.map(\.name)
      if !later.isEmpty { log.warning("these settings count from the next start on: \(later.joined(separator: ", "))") }
    } catch {
      log.error("the settings stay as they were: \(error)")
    }
  }

  private static func sensorOptions(_ configuration: Configuration) -> SensorOptions {
    var options = SensorOptions()
    options.ringBytes = Int(configuration.ringBytes)
    return options
  }

  private static func archive(_ configuration: Configuration, _ log: Logger) throws -> any EventArchive {
    guard configuration.storage == .disk else { return MemoryArchive(limit: Int(configuration.recentBytes)) }
    var options = StoreOptions()
    options.maximumBytes = Int(configuration.storeBytes)
    options.maximumAge = configuration.storeAge.map { Double($0) / 1e9 }
    options.recentBytes = Int(configuration.recentBytes)
    options.report = { log.warning("\($0)") }
    try makeFolder(configuration.storeFolder, 0o700)
    return StoreArchive(try EventStore(at: configuration.storeFolder, options), folder: configuration.storeFolder)
  }

  private static func group(_ name: String) -> UInt32? { getgrnam(name)?.pointee.gr_gid }

  private static func token(_ path: String?) throws -> String {
    guard let path else { throw AgentError("`port` needs `token_file`: whoever connects has to show that token.") }
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw AgentError.system("The token's file \(path) cannot be read", errno) }
    guard facts.st_mode & 0o077 == 0 else {
      throw AgentError("The token's file \(path) can be read by others: chmod 600 \(path)")
    }
    let text = OwnCost.file(path).prefix { $0 != "\n" }
    guard text.count >= 16 else {
      throw AgentError("The token in \(path) is too short: write 16 characters at least, from `openssl rand -hex 32`.")
    }
    return String(text)
  }

  private static func makeFolder(_ path: String, _ mode: mode_t) throws {
    guard mkdir(path, mode) != 0, errno != EEXIST else { return }
    guard errno == ENOENT else { throw AgentError.system("The folder \(path) cannot be created", errno) }
    try makeFolder((path as NSString).deletingLastPathComponent, mode)
    try makeFolder(path, mode)
  }
}

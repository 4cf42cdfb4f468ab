// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import MeropsControl
import MeropsEnforcement
import MeropsExpression
import MeropsModel
import MeropsSensors
import MeropsServer
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
  private let socket: String?
  private let inMemory: Bool
  private let configuration: Mutex<Configuration>
  private let log = Logger(label: "merops")
  // Held as long as the settings live.
  private let lock: AgentLock

  /// - Parameters:
  ///   - socket: a socket instead of the file's.
  /// - Throws: ``AgentError`` if the file is wrong, or another agent runs.
  public init(_ origin: Origin, socket: String?, inMemory: Bool) throws {
    (self.origin, self.socket, self.inMemory) = (origin, socket, inMemory)
    let configuration = try Self.read(origin, socket: socket, inMemory: inMemory)
    let missing = try SensorPrivileges.missing()
    guard missing.isEmpty else {
      throw AgentError(
        "Watching needs \(missing.joined(separator: " and ")): run the agent as root, in a container as a privileged one."
      )
    }
    let folder = (configuration.socket as NSString).deletingLastPathComponent
    try Self.makeFolder(folder, 0o755, of: "socket")
    lock = try AgentLock(configuration.socket + ".lock")
    self.configuration = Mutex(configuration)
  }

  private static func read(_ origin: Origin, socket: String?, inMemory: Bool) throws -> Configuration {
    var configuration = try read(origin)
    if let socket { configuration.socket = socket }
    if inMemory {
      configuration.storage = .memory
      // All that there is to look back on.
      configuration.recentBytes = max(configuration.recentBytes, 16 << 20)
    }
    return configuration
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
    let token = try configuration.port.map { _ in try Self.token(configuration.tokenFile) }
    var filter: (@Sendable (Event) -> Bool)?
    if let condition {
      do {
        let expression = try EventExpression(condition)
        filter = { expression.evaluate($0) == .yes }
      } catch {
        throw AgentError(error.described(in: condition, file: "--where"))
      }
    }
    let privileged = try PrivilegedThread()
    let store = try Self.store(configuration, log)
    let source = try privileged.run {
      var options = try Self.sensorOptions(configuration)
      options.newestID = store?.newest
      return try Self.attached(options)
    }
    for report in source.reports where report.missing != nil {
      log.notice("\(report.sensor): \(report.missing ?? "")")
    }
    let group = configuration.group.flatMap(Self.group)
    let socket = try privileged.run { try ControlSocket(configuration.socket, group: group) }
    let (firewall, firewallAlarm) = try privileged.run { [log] in Self.firewall(configuration, log) }
    let policies = try Self.policies(configuration, privileged, firewall, log)
    if policies == nil { privileged.end() }
    let archive: any EventArchive =
      store.map { StoreArchive($0, folder: configuration.storeFolder) }
      ?? MemoryArchive(limit: Int(configuration.recentBytes))
    let maker = SinkMaker(store: store) { [log] in log.warning("\($0)") }
    let prepared = try configuration.sinks.map { try maker.prepare($0) }
    var sinks = try prepared.map { (name: $0.name, sink: try $0.start()) }
    if let output { sinks.append(("output", SinkMaker.output(output, where: filter, closed: closed))) }
    let options = Agent.Options(
      socket: socket, port: configuration.port, token: token, version: Version.text, firewall: firewall,
      firewallAlarm: firewallAlarm)
    let agent = Agent(options, source: source, archive: archive, sinks: sinks.map(\.sink), policies: policies, log: log)
    running.withLock { $0 = Running(agent: agent, maker: maker, sinks: sinks) }
    return agent
  }

  private static func policies(
    _ configuration: Configuration, _ privileged: PrivilegedThread, _ firewall: FirewallService?, _ log: Logger
  ) throws -> PolicyKeeper? {
    guard configuration.enforcesPolicies else { return nil }
    try makeFolder(configuration.policyFolder, 0o700, of: "policies.folder")
    guard let cgroup = configuration.policyCgroup ?? Enforcement.cgroupMount else {
      throw AgentError("Policies need cgroup v2, which is not mounted here: mount -t cgroup2 none /sys/fs/cgroup")
    }
    return try PolicyKeeper(
      folder: configuration.policyFolder, cgroup: cgroup, pins: configuration.policyPins,
      directory: configuration.policyDirectory, privileged: privileged, firewall: firewall, log: log)
  }

  /// A firewall that cannot be had does not keep the agent from watching.
  private static func firewall(_ configuration: Configuration, _ log: Logger) -> (FirewallService?, String?) {
    let pins = configuration.firewallPins
    if configuration.hasFirewall {
      do { return (try FirewallService.start(pins: pins, log), nil) } catch {
        log.error("there is no firewall: \(error)")
        return (nil, "There is no firewall, although the settings ask for one: \(error)")
      }
    }
    let links = (try? FileManager.default.contentsOfDirectory(atPath: pins + "/links")) ?? []
    guard !links.isEmpty else { return (nil, nil) }
    let alarm =
      "Packets are dropped by the firewall pinned in \(pins), and this agent's is off: write `enabled: true` at `firewall` in "
      + "the settings to take it over, or end it with `rm -r \(pins)`."
    log.warning("\(alarm)")
    return (nil, alarm)
  }

  private static func attached(_ options: SensorOptions) throws -> Sensors {
    let sensors = try Sensors(options)
    try sensors.attach()
    return sensors
  }

  /// What a reload works on.
  private struct Running {
    var agent: Agent
    var maker: SinkMaker
    var sinks: [(name: String, sink: any EventSink)]
  }

  private let running = Mutex<Running?>(nil)

  /// Reads the file again. A mistake in it changes nothing.
  public func reload() {
    // Another program may have moved their files.
    for each in running.withLock({ $0?.sinks ?? [] }) { each.sink.reopen() }
    running.withLock { $0?.agent }?.policies?.lookAtDirectory(isForced: true)
    do {
      let new = try Self.read(origin, socket: socket, inMemory: inMemory)
      let old = configuration.withLock { $0 }
      let changed = ConfigurationKey.all.filter { $0.show(new) != $0.show(old) }
      guard !changed.isEmpty else { return log.notice("the settings are as they were") }
      if new.sinks != old.sinks { try replaceSinks(old, new) }
      configuration.withLock { $0.sinks = new.sinks }
      let later = changed.filter { !$0.isLive }.map(\.name)
      if !later.isEmpty { log.warning("these settings count from the next start on: \(later.joined(separator: ", "))") }
      log.notice("settings that changed: \(changed.map(\.name).joined(separator: ", "))")
    } catch {
      log.error("the settings stay as they were: \(error)")
    }
  }

  /// Those whose settings are the same go on. Where one of the others cannot be made, nothing has happened.
  private func replaceSinks(_ old: Configuration, _ new: Configuration) throws {
    try running.withLock { running in
      guard var now = running else { return }
      let kept = Set(new.sinks.filter(old.sinks.contains).map(\.name))
      let coming = try new.sinks.filter { !kept.contains($0.name) }.map { try now.maker.prepare($0) }
      let leaving = now.sinks.filter { $0.name != "output" && !kept.contains($0.name) }.map(\.sink)
      // A cursor is one sink's: who leaves closes before another one begins. A file's events are for one of the two instead.
      for sink in leaving where sink is CollectorSink { sink.close() }
      now.sinks.removeAll { $0.name != "output" && !kept.contains($0.name) }
      for each in coming { now.sinks.append((each.name, try each.start())) }
      now.agent.replace(now.sinks.map(\.sink))
      for sink in leaving where !(sink is CollectorSink) { sink.close() }
      running = now
    }
  }

  private static func sensorOptions(_ configuration: Configuration) throws -> SensorOptions {
    var options = SensorOptions()
    options.ringBytes = Int(configuration.ringBytes)
    options.classes = configuration.classes
    options.countsRunTime = configuration.countsRunTime
    options.environmentNames = configuration.environmentNames
    options.redactions = try configuration.redactions.map { try RedactionPattern($0) }
    options.filters.programs = configuration.ignoredPrograms
    options.filters.cgroups = configuration.ignoredCgroups
    options.filters.users = Set(configuration.ignoredUsers.compactMap(UserNumber.of))
    options.filters.limits = configuration.limits.mapValues { Int(clamping: $0) }
    options.files.ignoredDirectories = configuration.ignoredDirectories
    options.files.repeatTime = .nanoseconds(Int64(clamping: configuration.repeatTime))
    options.files.withMissingFiles = configuration.withMissingFiles
    options.network.watchesUnixSockets = configuration.watchesUnixSockets
    return options
  }

  private static func store(_ configuration: Configuration, _ log: Logger) throws -> EventStore? {
    guard configuration.storage == .disk else { return nil }
    var options = StoreOptions()
    options.maximumBytes = Int(configuration.storeBytes)
    options.maximumAge = configuration.storeAge.map { Double($0) / 1e9 }
    options.recentBytes = Int(configuration.recentBytes)
    options.report = { log.warning("\($0)") }
    try makeFolder(configuration.storeFolder, 0o700, of: "store.folder")
    return try EventStore(at: configuration.storeFolder, options)
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

  private static func makeFolder(_ path: String, _ mode: mode_t, of key: String) throws {
    guard mkdir(path, mode) != 0, errno != EEXIST else { return }
    guard errno == ENOENT else {
      throw AgentError(
        "The folder \(path) cannot be created (\(String(cString: strerror(errno)))): name another one at `\(key)` in the "
          + "settings.")
    }
    try makeFolder((path as NSString).deletingLastPathComponent, mode, of: key)
    try makeFolder(path, mode, of: key)
  }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import MeropsControl
import MeropsEnforcement
import MeropsModel
import MeropsPolicy
import Synchronization

/// The policies of an agent: which count, which counted before, and who changed them.
final class PolicyKeeper: Sendable {
  let enforcement: Enforcement
  private let archive: PolicyArchive
  private let cgroup: String
  private let pins: String?
  private let wasInForce = Atomic(true)
  private let packetAlarm = Mutex<String?>(nil)
  let privileged: PrivilegedThread
  /// Carries out rules about packets; nil where the agent has none.
  private let firewall: FirewallService?
  let log: Logger
  private let state: Mutex<State>
  /// The directory whose files count; nil for none.
  let directoryPath: String?
  let directory: Mutex<DirectoryState?>
  /// Which version's programs a generation is.
  private let versions: Mutex<[UInt32: UInt64]>
  /// What has happened to policies, and what they decided.
  let announcements: Announcements
  /// Tells what the kernel is not asked about.
  let observer: PolicyObserver
  private let isStopped = Atomic(false)
  private let hasStopped = DispatchSemaphore(value: 0)

  private struct State {
    var version: UInt64
    var files: [PolicyArchive.Source]
    /// What they say.
    var policies: [Policy]
    var generation: UInt32
    /// What made them count; nil before any change.
    var change: PolicyChange?
    /// Names what was last taken from the directory; nil before anything was.
    var directory: String?
  }

  /// Puts into the kernel what counted last.
  ///
  /// - Parameters:
  ///   - folder: where versions are kept.
  ///   - cgroup: the directory of cgroup v2 that policies are about.
  ///   - pins: by which policies stay in force when the agent ends.
  ///   - directory: whose files count as they are there.
  ///   - privileged: loads programs, for as long as the keeper lives.
  ///   - firewall: carries out rules about packets.
  ///   - log: gets what is denied.
  init(
    folder: String, cgroup: String, pins: String?, directory: String?, privileged: PrivilegedThread,
    firewall: FirewallService?, log: Logger
  ) throws {
    directoryPath = directory
    self.directory = Mutex(directory.map { DirectoryState($0) })
    (self.cgroup, self.pins, self.privileged, self.log) = (cgroup, pins, privileged, log)
    self.firewall = firewall
    archive = try PolicyArchive(folder: folder)
    let last = try archive.newest()
    let files = last?.files ?? []
    let set = try Self.set(files)
    let applied: Enforcement.Applied
    (enforcement, applied) = try privileged.run {
      let enforcement = try Enforcement(cgroup: cgroup, pins: pins, last: set)
      return (enforcement, try enforcement.apply(set))
    }
    do { try Self.setPackets(set, in: firewall, isAtStart: true) } catch {
      log.error("the policies' rules about packets are not in force: \(error)")
      packetAlarm.withLock { $0 = "The policies' rules about packets are not in force: \(error)" }
    }
    let generation = applied.generation
    if enforcement.isTakenOver { log.notice("policies stayed in force without the agent, which takes them over now") }
    let version = last?.change.version ?? 0
    announcements = Announcements()
    let scope = Enforcement.cgroupMount.map { String(cgroup.dropFirst($0.utf8.count)) } ?? ""
    observer = PolicyObserver(announcements, scope: scope.isEmpty ? "/" : scope)
    observer.replace(applied.observed, version: version, generation: generation)
    state = Mutex(
      State(
        version: version, files: files, policies: set.policies, generation: generation, change: last?.change,
        directory: last?.directory))
    // What was decided meanwhile waits in the ring.
    versions = Mutex([generation &- 1: version, generation: version])
    lookAtDirectory(isForced: true)
  }

  static func set(_ files: [PolicyArchive.Source]) throws(AgentError) -> PolicySet {
    let sources = PolicySources(files)
    do throws(PolicyProblem) { return try sources.set() } catch { throw AgentError(sources.described(error)) }
  }

  private static func setPackets(_ set: PolicySet, in firewall: FirewallService?, isAtStart: Bool = false) throws {
    if let firewall { return try firewall.setPolicies(set.packetRules, isAtStart: isAtStart) }
    guard let rule = set.packetRules.first else { return }
    throw PolicyProblem(
      "the rule `\(rule.name)` is about packets, and the agent's firewall is off", rule.place,
      hint: "Write `firewall: {enabled: true}` into the agent's settings, and start it again")
  }

  /// Names the content of files.
  static func hash(_ files: [PolicyArchive.Source]) -> String {
    var hash = ContentHash()
    for file in files {
      hash.append("\(file.name)\0\(file.treatment ?? "")\0\(file.text.utf8.count)\0\(file.text)".utf8)
      for (name, text) in (file.lists ?? [:]).sorted(by: { $0.key < $1.key }) {
        hash.append("\(name)\0\(text.utf8.count)\0\(text)".utf8)
      }
    }
    return hash.text
  }

  /// Reads verdicts on a thread of its own until ``stop()``.
  func start() {
    let thread = Thread { [self] in
      while !isStopped.load(ordering: .acquiring) {
        do {
          try enforcement.readVerdicts(timeout: .seconds(1)) { tell($0) }
        } catch {
          log.error("verdicts cannot be read: \(error)")
          break
        }
      }
      hasStopped.signal()
    }
    thread.name = "merops-verdicts"
    thread.start()
    observer.start()
  }

  func stop() {
    observer.stop()
    isStopped.store(true, ordering: .releasing)
    enforcement.wake()
    hasStopped.wait()
    privileged.end()
  }

  private func tell(_ verdict: PolicyVerdict) {
    announcements.add(Announcement(verdict, version: versions.withLock { $0[verdict.generation] }))
  }

  /// Decisions that the kernel's ring had no room for.
  var lost: UInt64 { (try? enforcement.lostVerdicts()) ?? 0 }
}

// What is asked.
extension PolicyKeeper {
  func report() throws -> PolicyReport {
    try state.withLock { state in
      var counts = try enforcement.counts()
      counts.applied.merge(observer.counts) { $0 + $1 }
      let packets = firewall?.policyCounts ?? [:]
      let policies = Dictionary(grouping: state.policies, by: \.file)
      let files = state.files.map { file in
        PolicyReport.File(
          file,
          policies: (policies[file.name] ?? []).map { policy in
            PolicyReport.Policy(
              name: policy.name, description: policy.summary,
              rules: policy.rules.map {
                PolicyReport.Rule($0, applied: counts.applied[$0.name] ?? 0, places: enforcement.places(of: $0))
              } + policy.packetRules.map { PolicyReport.Rule($0, applied: packets[$0.name] ?? 0) })
          })
      }
      return PolicyReport(
        version: state.version, generation: state.generation, isInForce: enforcement.isInForce, cgroup: cgroup,
        files: files, change: state.change, pins: pins, lost: counts.lost, unknownProcesses: counts.unknownProcesses)
    }
  }

  /// What is not as it should be.
  var alarms: [String] {
    if !enforcement.isInForce {
      return ["No policy is enforced: policies were switched off. Start the agent again to enforce them."]
    }
    let lost = observer.lost
    let loss = lost == 0 ? nil : "\(lost) events came too fast to be asked about rules that only tell."
    return [packetAlarm.withLock { $0 }, directoryAlarm, loss].compactMap { $0 }
  }

  var isUnconfirmed: Bool { state.withLock { $0.change?.confirmBy != nil } }

  /// Names what was last taken from the directory.
  var directoryHash: String? { state.withLock { $0.directory } }

  func version(_ number: UInt64) throws(ControlError) -> PolicyVersion {
    do {
      guard try archive.numbers().contains(number) else {
        throw ControlError.notFound("There is no version \(number) of the policies: see `merops policy history`.")
      }
      return try archive.version(number)
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(status: 500, message: "\(error)")
    }
  }

  /// The changes, the newest last.
  func history() throws -> [PolicyChange] { try archive.numbers().map { try archive.change($0) } }
}

// What is changed.
extension PolicyKeeper {
  /// Puts a file's policies in place of those that the file had before.
  func apply(_ application: PolicyApplication, author: String) throws(ControlError) -> PolicyChange {
    let name = application.file.name
    let what = "apply \(name)" + (application.file.treatment.map { " \($0)" } ?? "")
    return try change(what, author, confirmWithin: application.confirmWithin) { files throws(ControlError) in
      try expectNotInDirectory(name, files)
      files.removeAll { $0.name == name }
      files.append(application.file)
      files.sort { $0.name < $1.name }
    }
  }

  /// Enforces on all processes a file that was applied to audit, or is tried on some.
  func promote(_ name: String, author: String) throws(ControlError) -> PolicyChange {
    try change("promote \(name)", author) { files throws(ControlError) in
      let index = try Self.index(of: name, in: files)
      guard files[index].mode != nil else {
        throw ControlError(status: 409, message: "The file \(name) is enforced on all processes already.")
      }
      (files[index].mode, files[index].canary) = (nil, nil)
    }
  }

  private static func index(of name: String, in files: [PolicyArchive.Source]) throws(ControlError) -> Int {
    if let index = files.firstIndex(where: { $0.name == name }) { return index }
    let known = files.isEmpty ? "none" : files.map(\.name).joined(separator: ", ")
    throw .notFound("There is no file of policies `\(name)`. There are: \(known).")
  }

  /// Keeps the version that counts, which else rolls itself back.
  func confirm(author: String) throws(ControlError) -> PolicyChange {
    try state.withLock { (state) throws(ControlError) in
      guard var change = state.change, change.confirmBy != nil else {
        throw ControlError(status: 409, message: "No version of the policies waits for a confirmation.")
      }
      change.confirmBy = nil
      let version = PolicyArchive.Version(change: change, files: state.files, directory: state.directory)
      do { try privileged.run { [archive] in try archive.keep(version) } } catch {
        throw ControlError(status: 500, message: "\(error)")
      }
      state.change = change
      log.notice("policies: version \(change.version) is confirmed by \(author)")
      return change
    }
  }

  /// Does what time asks for. Called once a second or so.
  func tick() {
    noteSwitchedOff()
    lookAtDirectory()
    guard let change = state.withLock({ $0.change }), let end = change.confirmBy, end <= wallClock() else { return }
    do {
      _ = try rollBack(to: nil, author: "merops, because nobody has confirmed version \(change.version)")
    } catch {
      log.error(
        "version \(change.version) of the policies was not confirmed, and cannot be rolled back: \(error.message)")
    }
  }

  /// Says once that somebody has removed the pins.
  private func noteSwitchedOff() {
    let isInForce = enforcement.isInForce
    guard wasInForce.exchange(isInForce, ordering: .relaxed), !isInForce else { return }
    log.error("policies were switched off by removing \(pins ?? "their pins"): nothing is enforced any more")
    tell(.policyChange, [(.policyChange, "off"), (.policyAuthor, "whoever removed \(pins ?? "the pins")")])
  }

  /// Tells of what has happened to policies.
  func tell(_ kind: EventKind, _ texts: [(Field, String)], version: UInt64? = nil) {
    var facts = Facts()
    version.map { facts.append(.policyVersion, $0) }
    for (field, text) in texts { facts.append(field, .text(Text(text))) }
    announcements.add(Announcement(kind: kind, time: wallClock(), facts: facts))
  }

  /// Takes a file's policies out.
  func delete(_ name: String, author: String) throws(ControlError) -> PolicyChange {
    try change("delete \(name)", author) { files throws(ControlError) in
      try expectNotInDirectory(name, files)
      files.remove(at: try Self.index(of: name, in: files))
    }
  }

  /// Lets the files of an earlier version count again.
  ///
  /// - Parameter version: nil for the one before.
  func rollBack(to version: UInt64?, author: String) throws(ControlError) -> PolicyChange {
    let now = state.withLock { $0.version }
    let before = (try? archive.numbers())?.last { $0 < now }
    guard let wanted = version ?? before ?? (now == 1 ? 0 : nil) else {
      throw ControlError.notFound("There is no version before this one.")
    }
    // Before the first version there was nothing.
    let old = wanted == 0 && now > 0 ? [] : try self.version(wanted).files
    return try change("rollback to version \(wanted)", author, mayReplaceUnconfirmed: true) {
      (files) throws(ControlError) in files = old
    }
  }

  /// One change after the other. Where one fails, nothing has changed.
  private func change(
    _ what: String, _ author: String, confirmWithin: UInt64? = nil, mayReplaceUnconfirmed: Bool = false,
    _ body: (inout [PolicyArchive.Source]) throws(ControlError) -> Void
  ) throws(ControlError) -> PolicyChange {
    do throws(ControlError) {
      return try makeChange(
        what, author, confirmWithin: confirmWithin, mayReplaceUnconfirmed: mayReplaceUnconfirmed, body)
    } catch {
      log.warning("policies: \(what), by \(author), was refused: \(error.message)")
      tell(.policyRefusal, [(.policyChange, what), (.policyAuthor, author), (.policyReason, error.message)])
      throw error
    }
  }

  /// - Parameter directory: names what is taken from the directory, if that is the change.
  func makeChange(
    _ what: String, _ author: String, confirmWithin: UInt64? = nil, mayReplaceUnconfirmed: Bool = false,
    directory: String? = nil, _ body: (inout [PolicyArchive.Source]) throws(ControlError) -> Void
  ) throws(ControlError) -> PolicyChange {
    try state.withLock { (state) throws(ControlError) in
      if !mayReplaceUnconfirmed, let change = state.change, change.confirmBy != nil {
        throw ControlError(
          status: 409,
          message:
            "Version \(change.version) waits for its confirmation: `merops policy confirm` or `merops policy rollback`."
        )
      }
      var files = state.files
      try body(&files)
      do {
        let now = wallClock()
        let set = try Self.set(files)
        let change = PolicyChange(
          version: state.version + 1, time: now, author: author, change: what, policies: set.policies.count,
          rules: Set(set.rules.map(\.name)).count + set.packetRules.count, hash: Self.hash(files),
          confirmBy: confirmWithin.map { now + $0 })
        let version = PolicyArchive.Version(change: change, files: files, directory: directory ?? state.directory)
        // Kept before it counts: what counts is never lost by a restart. A set that the kernel refuses is not kept.
        let before = try Self.set(state.files)
        let applied = try privileged.run { [enforcement, archive, firewall] in
          try archive.keep(version)
          do {
            try Self.setPackets(set, in: firewall)
            do { return try enforcement.apply(set) } catch {
              try? Self.setPackets(before, in: firewall)
              throw error
            }
          } catch {
            archive.remove(change.version)
            throw error
          }
        }
        packetAlarm.withLock { $0 = nil }
        (state.version, state.files, state.generation) = (change.version, files, applied.generation)
        (state.change, state.policies) = (change, set.policies)
        state.directory = version.directory
        versions.withLock { $0[applied.generation] = change.version }
        observer.replace(applied.observed, version: change.version, generation: applied.generation)
        log.notice("policies: \(what), by \(author): version \(change.version), \(change.rules) rules in force")
        tell(.policyChange, [(.policyChange, what), (.policyAuthor, author)], version: change.version)
        return change
      } catch let error as PolicyProblem {
        throw .badRequest(PolicySources(files).described(error))
      } catch {
        throw .badRequest("\(error)")
      }
    }
  }
}

extension PolicySources {
  fileprivate init(_ files: [PolicyArchive.Source]) {
    self.init()
    for file in files {
      add(
        name: file.name, text: file.text, lists: file.lists ?? [:],
        treatment: Treatment(mode: file.mode, cgroup: file.canary?.cgroup, percent: file.canary?.percent))
    }
  }
}

extension PolicyVersion.File {
  /// How it was applied, in words; nil where its rules count as they say.
  fileprivate var treatment: String? {
    if let cgroup = canary?.cgroup { return "\(Canary.cgroup(cgroup))" }
    if let percent = canary?.percent { return "\(Canary.percent(percent))" }
    return mode.map { "to \($0)" }
  }
}

extension PolicyReport.Rule {
  /// - Parameter applied: packets.
  fileprivate init(_ rule: PacketPolicyRule, applied: UInt64) {
    self.init(
      id: rule.id, acts: [PacketPolicyRule.act], action: rule.action.rawValue, mode: rule.mode.rawValue, priority: 0,
      applied: applied, places: rule.mode == .enforce ? ["xdp"] : [])
  }

  fileprivate init(_ rule: Rule, applied: UInt64, places: [String]) {
    self.init(
      id: rule.id, acts: rule.acts.map(\.name), action: rule.action.rawValue, mode: rule.mode.rawValue,
      priority: rule.priority, applied: applied, places: places)
  }
}

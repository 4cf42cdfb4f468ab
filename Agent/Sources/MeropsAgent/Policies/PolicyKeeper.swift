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
  private let enforcement: Enforcement
  private let archive: PolicyArchive
  private let cgroup: String
  private let privileged: PrivilegedThread
  private let log: Logger
  private let state: Mutex<State>
  private let decisions = Mutex<[PolicyDecision]>([])
  private let isStopped = Atomic(false)
  private let hasStopped = DispatchSemaphore(value: 0)

  private struct State {
    var version: UInt64
    var files: [PolicyArchive.Source]
    var generation: UInt32
  }

  /// How many decisions are remembered.
  private static let remembered = 1000

  /// Puts into the kernel what counted last.
  ///
  /// - Parameters:
  ///   - folder: where versions are kept.
  ///   - cgroup: the directory of cgroup v2 that policies are about.
  ///   - pins: by which policies stay in force when the agent ends.
  ///   - privileged: loads programs, for as long as the keeper lives.
  ///   - log: gets what is denied.
  init(folder: String, cgroup: String, pins: String?, privileged: PrivilegedThread, log: Logger) throws {
    (self.cgroup, self.privileged, self.log) = (cgroup, privileged, log)
    archive = try PolicyArchive(folder: folder)
    let last = try archive.newest()
    let files = last?.files ?? []
    let set = try Self.set(files)
    let generation: UInt32
    (enforcement, generation) = try privileged.run {
      let enforcement = try Enforcement(cgroup: cgroup, pins: pins, last: set)
      return (enforcement, try enforcement.apply(set).generation)
    }
    if enforcement.isTakenOver { log.notice("policies stayed in force without the agent, which takes them over now") }
    state = Mutex(State(version: last?.change.version ?? 0, files: files, generation: generation))
  }

  private static func set(_ files: [PolicyArchive.Source]) throws(AgentError) -> PolicySet {
    let sources = PolicySources(files.map { ($0.name, $0.text) })
    do { return try sources.set() } catch { throw AgentError(sources.described(error)) }
  }

  /// Reads verdicts on a thread of its own until ``stop()``.
  func start(executable: @escaping @Sendable (UInt32) -> String?) {
    let thread = Thread { [self] in
      while !isStopped.load(ordering: .acquiring) {
        do {
          try enforcement.readVerdicts(timeout: .seconds(1)) { note($0, executable($0.process)) }
        } catch {
          log.error("verdicts cannot be read: \(error)")
          break
        }
      }
      hasStopped.signal()
    }
    thread.name = "merops-verdicts"
    thread.start()
  }

  func stop() {
    isStopped.store(true, ordering: .releasing)
    enforcement.wake()
    hasStopped.wait()
    privileged.end()
  }

  private func note(_ verdict: PolicyVerdict, _ executable: String?) {
    let decision = PolicyDecision(verdict, executable: executable)
    decisions.withLock { decisions in
      decisions.append(decision)
      if decisions.count > 2 * Self.remembered { decisions.removeFirst(decisions.count - Self.remembered) }
    }
  }
}

// What is asked.
extension PolicyKeeper {
  func report() throws -> PolicyReport {
    try state.withLock { state in
      let counts = try enforcement.counts()
      let files = try state.files.map { file in
        let policies = try PolicyFile.read(file.text, name: file.name)
        return PolicyReport.File(
          name: file.name, text: file.text,
          policies: policies.map { policy in
            PolicyReport.Policy(
              name: policy.name, description: policy.summary,
              rules: policy.rules.map { PolicyReport.Rule($0, applied: counts.applied[$0.name] ?? 0) })
          })
      }
      return PolicyReport(
        version: state.version, generation: state.generation, isInForce: enforcement.isInForce, cgroup: cgroup,
        files: files, lost: counts.lost, unknownProcesses: counts.unknownProcesses)
    }
  }

  /// What is not as it should be.
  var alarm: String? {
    guard !enforcement.isInForce else { return nil }
    return "No policy is enforced: policies were switched off. Start the agent again to enforce them."
  }

  /// The changes, the newest last.
  func history() throws -> [PolicyChange] { try archive.numbers().map { try archive.version($0).change } }

  /// What was denied or told, the newest last.
  func lastDecisions() -> [PolicyDecision] { decisions.withLock { Array($0.suffix(Self.remembered)) } }
}

// What is changed.
extension PolicyKeeper {
  /// Puts a file's policies in place of those that the file had before.
  func apply(_ name: String, _ text: String, author: String) throws(ControlError) -> PolicyChange {
    try change("apply \(name)", author) { files throws(ControlError) in
      do throws(PolicyProblem) {
        _ = try PolicyFile.read(text, name: name)
      } catch {
        throw .badRequest(error.described(in: text))
      }
      files.removeAll { $0.name == name }
      files.append(PolicyArchive.Source(name: name, text: text))
      files.sort { $0.name < $1.name }
    }
  }

  /// Takes a file's policies out.
  func delete(_ name: String, author: String) throws(ControlError) -> PolicyChange {
    try change("delete \(name)", author) { files throws(ControlError) in
      guard let index = files.firstIndex(where: { $0.name == name }) else {
        let known = files.isEmpty ? "none" : files.map(\.name).joined(separator: ", ")
        throw .notFound("There is no file of policies `\(name)`. There are: \(known).")
      }
      files.remove(at: index)
    }
  }

  /// Lets the files of an earlier version count again.
  ///
  /// - Parameter version: nil for the one before.
  func rollBack(to version: UInt64?, author: String) throws(ControlError) -> PolicyChange {
    let wanted: UInt64
    let old: [PolicyArchive.Source]
    do {
      let now = state.withLock { $0.version }
      guard let number = try version ?? archive.numbers().last(where: { $0 < now }) else {
        throw ControlError.notFound("There is no version before this one.")
      }
      guard try archive.numbers().contains(number) else {
        throw ControlError.notFound("There is no version \(number) of the policies: see `merops policy history`.")
      }
      wanted = number
      old = try archive.version(number).files
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(status: 500, message: "\(error)")
    }
    return try change("rollback to version \(wanted)", author) { files throws(ControlError) in files = old }
  }

  /// One change after the other. Where one fails, nothing has changed.
  private func change(
    _ what: String, _ author: String,
    _ body: (inout [PolicyArchive.Source]) throws(ControlError) -> Void
  ) throws(ControlError) -> PolicyChange {
    try state.withLock { (state) throws(ControlError) in
      var files = state.files
      try body(&files)
      do {
        let set = try Self.set(files)
        let change = PolicyChange(
          version: state.version + 1, time: wallClock(), author: author, change: what, policies: set.policies.count,
          rules: set.rules.count)
        let version = PolicyArchive.Version(change: change, files: files)
        // Kept before it counts: what counts is never lost by a restart. A set that the kernel refuses is not kept.
        let applied = try privileged.run { [enforcement, archive] in
          try archive.keep(version)
          do { return try enforcement.apply(set) } catch {
            archive.remove(change.version)
            throw error
          }
        }
        (state.version, state.files, state.generation) = (change.version, files, applied.generation)
        log.notice("policies: \(what), by \(author): version \(change.version), \(change.rules) rules in force")
        return change
      } catch let error as PolicyProblem {
        throw .badRequest(PolicySources(files.map { ($0.name, $0.text) }).described(error))
      } catch {
        throw .badRequest("\(error)")
      }
    }
  }
}

extension PolicyReport.Rule {
  fileprivate init(_ rule: Rule, applied: UInt64) {
    self.init(
      id: rule.id, acts: rule.acts.map(\.name), action: rule.action.rawValue, mode: rule.mode.rawValue,
      priority: rule.priority, applied: applied)
  }
}

extension PolicyDecision {
  fileprivate init(_ verdict: PolicyVerdict, executable: String?) {
    var boot = timespec()
    clock_gettime(CLOCK_BOOTTIME, &boot)
    let now = UInt64(boot.tv_sec) * 1_000_000_000 + UInt64(boot.tv_nsec)
    let transports: [UInt32: String] = [6: "tcp", 17: "udp"]
    self.init(
      time: wallClock() &- (now &- verdict.time), verdict: verdict.isAudit ? "audit" : "deny",
      rule: verdict.rule?.name ?? "rule \(verdict.ruleNumber) of generation \(verdict.generation)",
      message: verdict.rule?.note.message, generation: verdict.generation, hook: verdict.hook.name,
      pid: verdict.process, command: verdict.command.description, executable: executable,
      address: verdict.address.description, port: verdict.port,
      transport: transports[verdict.transport] ?? "\(verdict.transport)", isUncertain: verdict.isUnknown)
  }
}

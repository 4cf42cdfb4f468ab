// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import MeropsControl
import MeropsModel
import MeropsPolicy
import Synchronization

/// What is known of the watched directory.
struct DirectoryState {
  let directory: PolicyDirectory
  /// Something has changed that was not looked at yet.
  var isDirty = true
  /// How often it was asked since it changed first, and since it was refused.
  var ticks = 0
  /// Why the files do not count; nil where they do.
  var problem: String?

  init(_ path: String) { directory = PolicyDirectory(path) }

  /// A directory that changes without pause is looked at nevertheless, and one that was refused again: a cgroup may be there now.
  static let patience = 10
  static let retryTicks = 30
}

// The files of a directory, which count as they are there.
extension PolicyKeeper {
  /// Lets the files of the directory count, if they have changed.
  ///
  /// - Parameter isForced: without waiting until nothing changes any more.
  func lookAtDirectory(isForced: Bool = false) {
    directory.withLock { state in
      guard var look = state else { return }
      defer { state = look }
      let hasChanged = look.directory.hasChanged()
      look.isDirty = look.isDirty || hasChanged
      look.ticks += 1
      if look.problem != nil, look.ticks >= DirectoryState.retryTicks { look.isDirty = true }
      guard isForced || look.isDirty && (!hasChanged || look.ticks >= DirectoryState.patience) else { return }
      // A version that waits for its confirmation is changed by nobody else.
      guard !isUnconfirmed else { return }
      do throws(PolicyDirectory.Problem) {
        try take(look.directory.files(), of: look.directory.path)
        if look.problem != nil { log.notice("policies: the files of \(look.directory.path) are good again") }
        look.problem = nil
      } catch {
        guard case .refused(let reason) = error else {
          look.isDirty = true
          return
        }
        // It is told once, and stands in the status as long as it is so.
        if reason != look.problem { refuse(look.directory.path, reason) }
        look.problem = reason
      }
      (look.isDirty, look.ticks) = (false, 0)
    }
  }

  private func take(_ new: [PolicyVersion.File], of path: String) throws(PolicyDirectory.Problem) {
    let hash = Self.hash(new)
    // What was taken once is not taken again: a rollback counts until the files change.
    guard hash != directoryHash, !new.isEmpty || directoryHash != nil else { return }
    do throws(ControlError) {
      _ = try makeChange("read \(path)", "merops, from \(path)", directory: hash) { files throws(ControlError) in
        let names = Set(new.map(\.name))
        files.removeAll { $0.directory != nil || names.contains($0.name) }
        files = (files + new).sorted { $0.name < $1.name }
      }
    } catch {
      throw .refused(error.message)
    }
  }

  private func refuse(_ path: String, _ reason: String) {
    log.error("policies: the files of \(path) are refused, and those before stay in force: \(reason)")
    tell(
      .policyRefusal,
      [(.policyChange, "read \(path)"), (.policyAuthor, "merops, from \(path)"), (.policyReason, reason)])
  }

  /// Why the files of the directory do not count; nil where they do.
  var directoryAlarm: String? {
    directory.withLock { state -> String? in
      guard let problem = state?.problem, let path = state?.directory.path else { return nil }
      return "The policies of \(path) are refused, and those before stay in force: \(problem)"
    }
  }

  /// Refuses to change by hand what comes from the directory.
  func expectNotInDirectory(_ name: String, _ files: [PolicyArchive.Source]) throws(ControlError) {
    guard let path = directoryPath, files.contains(where: { $0.name == name && $0.directory != nil }) else { return }
    throw ControlError(status: 409, message: "The file \(name) comes from \(path): change it there.")
  }
}

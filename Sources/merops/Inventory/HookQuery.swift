// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFSystem

/// What is attached at a hook of a device or cgroup.
enum HookQuery {
  /// - Returns: nil where the kernel or the device does not have the hook.
  /// - Throws: when the caller may not ask: "nothing" would be a wrong answer then.
  static func programs(
    at target: UInt32, _ type: AttachType, effective: Bool = false, isMultiple: Bool = false
  ) throws -> ProgramQuery? {
    do {
      return try BPFCall.queryPrograms(
        target: target, attachType: type.rawValue, flags: effective ? 1 : 0, isMultiple: isMultiple)
    } catch {
      guard error == .notPermitted || error == .permissionDenied else { return nil }
      throw BPFError(
        "asking what is attached to \(type)", errno: error,
        hint: "run it with CAP_NET_ADMIN in the initial user namespace")
    }
  }
}

/// Names of programs by id.
enum ProgramNames {
  /// Empty for a program that cannot be opened.
  static func name(_ id: UInt32) -> String { id == 0 ? "" : (try? Program(id: id).name) ?? "" }
}

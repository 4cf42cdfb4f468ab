// SPDX-License-Identifier: Apache-2.0

internal import BPFObject

// Helpers on processes and on what a program returns: signals, paths, cgroups, namespaces.
extension Execution {
  static let processHelpers: [(String, HelperBody)] = [
    ("send_signal", { try $0.sendSignal() }),
    ("send_signal_thread", { try $0.sendSignal() }),
    ("d_path", { try $0.path(of: $0.argument(1), $0.argument(2), $0.word(3)) }),
    ("get_ns_current_pid_tgid", { try $0.namespacedIDs() }),
    (
      "get_current_ancestor_cgroup_id",
      {
        let ancestors = $0.owner.environment.ancestorCgroupIDs
        return $0.word(1) < UInt64(ancestors.count) ? ancestors[Int($0.word(1))] : 0
      }
    ),
    ("get_socket_uid", { UInt64($0.owner.environment.userID) }),
    ("get_func_ret", { try $0.functionReturn() }),
    ("get_retval", { $0.returnOverride ?? 0 }),
    ("set_retval", { $0.setReturn() }),
    ("kptr_xchg", { try $0.exchangePointer() }),
  ]

  private func sendSignal() throws(InterpreterError) -> UInt64 {
    guard (1...64).contains(word(1)) else { return answer(.invalid) }
    signals.append(Int(word(1)))
    return 0
  }

  /// The path that a `struct path` stands for: what the environment has for its address.
  func path(of address: UInt64, _ buffer: UInt64, _ size: UInt64) throws(InterpreterError) -> UInt64 {
    let room = try output(buffer, size)
    guard let path = owner.environment.paths[address] else {
      throw fault(
        .badArgument,
        "asks for the path of \(space.describe(address)), which is not in Environment.paths")
    }
    let bytes = Array(path.utf8) + [0]
    // ENAMETOOLONG
    guard bytes.count <= room.count else { return FunctionCall.error(36) }
    room.copyBytes(from: bytes)
    return UInt64(bytes.count)
  }

  /// `struct bpf_pidns_info`: thread and process.
  private func namespacedIDs() throws(InterpreterError) -> UInt64 {
    let room = try output(argument(3), word(4))
    guard room.count == 8 else { return answer(.invalid) }
    let environment = owner.environment
    room.storeBytes(of: environment.threadID ?? environment.processID, as: UInt32.self)
    room.storeBytes(of: environment.processID, toByteOffset: 4, as: UInt32.self)
    return 0
  }

  /// What the traced function returned: behind its arguments.
  private func functionReturn() throws(InterpreterError) -> UInt64 {
    let room = try output(argument(2), 8)
    guard program?.attachType == .traceFexit || program?.attachType == .modifyReturn else {
      return answer(.notSupported)
    }
    room.storeBytes(of: try load(argument(1) &+ UInt64(tracedArgumentCount) * 8, 8), as: UInt64.self)
    return 0
  }

  /// Without the return value, which programs at a function's end find behind its arguments.
  var tracedArgumentCount: Int {
    let isAtEnd = program?.attachType == .traceFexit || program?.attachType == .modifyReturn
    return max(0, context.argumentCount - (isAtEnd ? 1 : 0))
  }

  private func setReturn() -> UInt64 {
    returnOverride = UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: argument(1))))
    return 0
  }

  private func exchangePointer() throws(InterpreterError) -> UInt64 {
    let place = try output(argument(1), 8)
    let old = place.loadUnaligned(as: UInt64.self)
    place.storeBytes(of: argument(2), as: UInt64.self)
    return old
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// What lets a process in a container load programs without being root on the machine: its owner mounts a bpffs with
/// `delegate_cmds`, `delegate_maps`, `delegate_progs` and `delegate_attachs`, and the process makes a token of it.
///
/// It is for ``LoadOptions/token``. ``Features`` are asked without it, and where a collection would ask them, a process that
/// may not goes by the kernel's version.
///
/// - Requires: Linux 6.9
public final class Token: Sendable {
  private let descriptor: Descriptor

  /// The borrowed descriptor.
  public var fd: CInt { descriptor.rawValue }

  /// Makes a token.
  ///
  /// - Parameters:
  ///   - path: a bpffs that was mounted with delegation, in a user namespace other than the machine's.
  /// - Throws: `notFound` where nothing is delegated, `permission`, `unsupported`.
  public init(bpffs path: String = "/sys/fs/bpf") throws(BPFError) {
    let context = "making a token of \(path)"
    do {
      let folder = try Descriptor.open(path)
      descriptor = try BPFCall.createToken(bpffs: folder.rawValue)
    } catch {
      let isTooOld = error == .invalidArgument && KernelRelease.current < KernelRelease(6, 9)
      throw BPFError(
        isTooOld ? .unsupported : .init(error), context, errno: error, requires: isTooOld ? "6.9" : nil,
        hint: Self.hint(error))
    }
  }

  private static func hint(_ error: Errno) -> String? {
    switch error {
    case .notSupported: "tokens are for user namespaces: on the machine itself, privilege is had by capabilities"
    case .noSuchFileOrDirectory: "it has to be mounted with delegate_cmds and the like by the machine's root"
    case .invalidArgument: "it has to be the root of a bpffs"
    default: nil
    }
  }
}

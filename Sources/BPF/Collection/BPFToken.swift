// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// What lets a process in a container load programs without being root on the machine: its owner mounts a bpffs with
/// `delegate_cmds`, `delegate_maps`, `delegate_progs` and `delegate_attachs`, and the process creates a token from it.
///
/// It is for ``LoadOptions/token``. ``Features`` are asked without it, and where a collection would ask them, a process that
/// may not ask relies on the kernel's version.
///
/// - Requires: Linux 6.9
public final class BPFToken: Sendable {
  private let descriptor: Descriptor

  /// The borrowed descriptor.
  public var fd: CInt { descriptor.rawValue }

  /// Creates a token.
  ///
  /// - Parameters:
  ///   - path: a bpffs that was mounted with delegation, in a user namespace other than the machine's.
  /// - Throws: `notFound` where nothing is delegated, `permission`, `unsupported`.
  public init(bpffs path: String = "/sys/fs/bpf") throws(BPFError) {
    let context = "creating a token from \(path)"
    let folder: Descriptor
    do {
      folder = try Descriptor.open(path)
    } catch {
      throw BPFError("\(context): opening it", errno: error)
    }
    guard SystemFile.fileSystem(of: path) == Pinning.bpffs, SystemFile.isDirectory(path) else {
      throw BPFError(.wrongKind, context, detail: "\(path) is not the root directory of a bpffs")
    }
    do {
      descriptor = try BPFCall.createToken(bpffs: folder.rawValue)
    } catch {
      let isTooOld = error == .invalidArgument && KernelVersion.current < KernelVersion(6, 9)
      throw BPFError(
        isTooOld ? .unsupported : .init(error), context, errno: error, requires: isTooOld ? "6.9" : nil,
        hint: Self.hint(error))
    }
  }

  private static func hint(_ error: Errno) -> String? {
    switch error {
    case .notSupported: "tokens work in user namespaces only: on the machine itself, grant capabilities to the process"
    case .noSuchFileOrDirectory:
      "root on the machine has to mount the bpffs with delegate_cmds and the other delegation options"
    case .invalidArgument: "the path has to be the root directory of a bpffs"
    default: nil
    }
  }
}

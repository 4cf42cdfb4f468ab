// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A bpffs that only one test has.
public final class TestBPFFS: Sendable {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/merops-bpffs-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    _ = try Shell.check("mount -t bpf merops-test \(path)")
  }

  deinit {
    // Children of other tests may hold a folder of it for a moment: it goes when they have.
    umount2(path, CInt(MNT_DETACH))
    rmdir(path)
  }

  /// The files and directories below it, but for those that the kernel makes.
  public var entries: Set<String> {
    Set(FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
      .subtracting(["maps.debug", "progs.debug"])
  }
}

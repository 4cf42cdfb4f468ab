// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The second implementations that `Tests/Peers/setup` makes ready: libbpf and bpftool, newer than the machine's.
public enum Peers {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The folder that is filled.
  public static let folder = root.appending(path: ".build/peers").path

  fileprivate static let areReady: Bool = {
    if FileManager.default.fileExists(atPath: "\(folder)/done") { return true }
    return (try? Shell.run([root.appending(path: "Tests/Peers/setup").path]).status) == 0
  }()
}

extension Requirement {
  /// Met when ``Peers`` are there, or can be got now.
  public static let peers = Requirement("libbpf could not be built: Tests/Peers/setup says why") { Peers.areReady }
}

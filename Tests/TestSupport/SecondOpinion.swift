// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What this kernel says to bpftool, for tests whose programs some kernels refuse to everybody. A kernel's version does not
/// say what it permits.
public enum SecondOpinion {
  public enum Answer: Sendable, Hashable {
    case loads
    /// EPERM or EACCES, with bpftool's words.
    case refused(String)
    /// No bpftool, or an object that it cannot load for another reason: no opinion.
    case unknown
  }

  /// Loads an object by bpftool, in a bpffs of its own that ends with the command.
  public static func loading(_ object: [UInt8]) -> Answer {
    guard commandPath("bpftool") != nil else { return .unknown }
    let file = FileManager.default.temporaryDirectory.path + "/merops-opinion-\(UUID().uuidString).bpf.o"
    defer { unlink(file) }
    let command = "mount -t bpf bpf /sys/fs/bpf && exec bpftool prog loadall '\(file)' /sys/fs/bpf/loaded"
    guard (try? Data(object).write(to: URL(filePath: file))) != nil,
      let result = try? Shell.run(["unshare", "--mount", "sh", "-c", command])
    else { return .unknown }
    if result.status == 0 { return .loads }
    // libbpf prints an errno's text or, in newer releases, its name.
    let refusals = ["Operation not permitted", "-EPERM", "Permission denied", "-EACCES"]
    let line = result.output.split(separator: "\n").first { line in
      line.contains("load") && refusals.contains { line.contains($0) }
    }
    return line.map { .refused(String($0)) } ?? .unknown
  }
}

extension Requirement {
  /// A kernel that lets somebody load an object; make it of just the program that the test needs. Where bpftool is refused,
  /// too, the test is skipped; where only we are, it fails.
  public static func permission(_ what: String, _ object: @escaping @Sendable () -> [UInt8]) -> Requirement {
    Requirement("this kernel refuses \(what) to everybody, bpftool included") {
      if case .refused = SecondOpinion.loading(object()) { false } else { true }
    }
  }
}

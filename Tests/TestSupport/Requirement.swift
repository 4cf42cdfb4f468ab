// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Testing

/// Something that a test needs of the machine. Where it is missing the test is skipped, and says so.
public struct Requirement: Sendable {
  let reason: String
  let isMet: @Sendable () -> Bool

  public init(_ reason: String, isMet: @escaping @Sendable () -> Bool) {
    (self.reason, self.isMet) = (reason, isMet)
  }

  /// Loading programs and making namespaces.
  public static let root = Requirement("needs root") { geteuid() == 0 }

  /// A kernel that only this test uses: a guest of `Tests/VM`. For programs that could disturb the whole machine.
  public static let ownKernel = Requirement("needs a kernel of its own: make vm") { isGuest }

  /// The kernel's own types.
  public static let kernelBTF = Requirement("this kernel has no /sys/kernel/btf/vmlinux") {
    FileManager.default.isReadableFile(atPath: "/sys/kernel/btf/vmlinux")
  }

  /// A cgroup v2 hierarchy.
  public static let cgroup2 = Requirement("no cgroup v2 is mounted") { TestCgroup.mount != nil }

  /// A program in `PATH`.
  public static func command(_ name: String) -> Requirement {
    Requirement("needs the command \(name)") { commandPath(name) != nil }
  }

  /// A kernel built with `CONFIG_<option>` (`y` or `m`).
  public static func config(_ option: String) -> Requirement {
    Requirement("this kernel is built without CONFIG_\(option)") { KernelConfig.isSet(option) }
  }

  /// A kernel that holds a function or variable of that name.
  public static func kernelSymbol(_ name: String) -> Requirement {
    Requirement("this kernel has no \(name)") { KernelSymbols.has(name) }
  }
}

/// Whether the tests run in a guest of `Tests/VM`.
private let isGuest = ProcessInfo.processInfo.environment["MEROPS_GUEST"] != nil

extension Trait where Self == ConditionTrait {
  /// For a question that has the same answer on every kernel: it is asked where the tests are built, and not in guests, which
  /// are some fifteen times slower.
  public static var sameOnEveryKernel: Self {
    .disabled(if: isGuest, "the same on every kernel: asked on the machine that the guest runs on")
  }

  /// Skips the test on an older kernel.
  public static func requires(kernel minimum: KernelVersion) -> Self {
    .enabled(
      if: KernelVersion.running >= minimum, "needs Linux \(minimum), this is \(KernelVersion.runningRelease)")
  }

  /// Skips the test where the machine lacks something.
  public static func requires(_ requirement: Requirement) -> Self {
    .enabled(Comment(rawValue: requirement.reason)) { requirement.isMet() }
  }
}

/// A tool that stands beside the compiler in `PATH`: the toolchain's own clang, and not the system's.
public func toolchainPath(_ name: String) -> String? {
  guard let compiler = commandPath("swiftc") else { return nil }
  let tool = URL(filePath: compiler).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name).path
  return FileManager.default.isExecutableFile(atPath: tool) ? tool : nil
}

/// Where a command is in `PATH` (the superuser's folders included).
public func commandPath(_ name: String) -> String? {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
  return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"])
    .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A cgroup (v2) that only the test has; removed when this object goes.
public final class TestCgroup: Sendable {
  public let path: String
  /// Open on the folder.
  public let descriptor: CInt

  /// Where cgroup v2 is mounted.
  public static let mount: String? = {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
    }
    return nil
  }()

  private static let counter = Counter()

  public convenience init() throws {
    guard let mount = Self.mount else { throw Shell.Failed(description: "no cgroup v2 is mounted") }
    try self.init(path: "\(mount)/merops-test-\(getpid())-\(Self.counter.next())", parent: nil)
  }

  /// A parent can be removed only after its children.
  private let parent: TestCgroup?

  private init(path: String, parent: TestCgroup?) throws {
    self.parent = parent
    guard mkdir(path, 0o755) == 0 else { throw SystemFailure("mkdir(\(path))") }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let failure = SystemFailure("open(\(path))")
      rmdir(path)
      throw failure
    }
    (self.path, self.descriptor) = (path, descriptor)
  }

  /// Makes a cgroup inside this one.
  public func child(_ name: String) throws -> TestCgroup { try TestCgroup(path: "\(path)/\(name)", parent: self) }

  deinit {
    close(descriptor)
    // Processes that ended stay listed for a moment.
    _ = eventually { rmdir(path) == 0 || errno != EBUSY }
  }

  /// Runs a command inside the cgroup, in the network namespace of the calling thread.
  public func run(_ arguments: [String]) throws -> Shell.Result {
    try Shell.run(["/bin/sh", "-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", path] + arguments)
  }

  /// Runs a command inside the cgroup; it must succeed.
  @discardableResult
  public func check(_ command: String) throws -> String {
    let result = try run(command.split(separator: " ").map(String.init))
    guard result.status == 0 else { throw Shell.Failed(description: "\(command): \(result.output)") }
    return result.output
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var value = 0
  func next() -> Int {
    lock.withLock {
      value += 1
      return value
    }
  }
}

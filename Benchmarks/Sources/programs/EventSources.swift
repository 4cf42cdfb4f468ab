// SPDX-License-Identifier: Apache-2.0
import BPF
import Glibc

/// Calls of execve that fail at once.
struct FailingExec: EventSource {
  var hook: Hook? { nil }

  func fire() -> [Int32] {
    var arguments: [UnsafeMutablePointer<CChar>?] = [nil]
    for _ in 0..<10_000 { execve("/nonexistent/merops", &arguments, &arguments) }
    return []
  }
}

/// Programs that start and end.
final class Spawn: EventSource {
  private var program = "/bin/true"
  private var directories: [String] = []

  init() {}

  /// - Parameter depth: directories of its own that the program lies in, below /tmp.
  init(depth: Int) throws {
    var path = "/tmp/merops-spawn-\(getpid())"
    for number in 0..<depth {
      if number > 0 { path += "/directory\(number)" }
      guard mkdir(path, 0o755) == 0 else { throw Failure("making \(path): errno \(errno)") }
      directories.append(path)
    }
    program = "\(path)/true"
    guard let source = fopen("/bin/true", "r"), let copy = fopen(program, "w") else {
      throw Failure("copying /bin/true")
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, source), count > 0 { fwrite(buffer, 1, count, copy) }
    fclose(source)
    fclose(copy)
    chmod(program, 0o755)
  }

  deinit {
    guard !directories.isEmpty else { return }
    unlink(program)
    for directory in directories.reversed() { rmdir(directory) }
  }

  var hook: Hook? { nil }

  func fire() throws -> [Int32] {
    for _ in 0..<150 {
      var process: pid_t = 0
      let name = strdup("true")
      defer { free(name) }
      guard posix_spawn(&process, program, nil, nil, [name, nil], environ) == 0 else {
        throw Failure("starting \(program)")
      }
      waitpid(process, nil, 0)
    }
    return []
  }
}

/// Datagram sockets that are connected, inside a cgroup of their own: allowed, refused, turned elsewhere.
final class Connect: EventSource {
  private let path: String
  private let home: String

  init() throws {
    let mounts = try Self.read("/proc/self/mounts").split(separator: "\n").map { $0.split(separator: " ") }
    guard let mount = mounts.first(where: { $0.count > 2 && $0[2] == "cgroup2" })?[1] else {
      throw Failure("no cgroup v2 is mounted")
    }
    path = "\(mount)/merops-programs-\(getpid())"
    // The line of cgroup v2 is `0::/PATH`.
    let lines = try Self.read("/proc/self/cgroup").split(separator: "\n")
    home = String(mount + (lines.first { $0.hasPrefix("0::") }?.dropFirst(3) ?? "/"))
    guard mkdir(path, 0o755) == 0 else { throw Failure("making \(path): errno \(errno)") }
  }

  deinit { rmdir(path) }

  var hook: Hook? { .cgroup(path: path) }

  static func prepare(_ collection: BPFCollection) throws {
    let policies = try collection.map("policies")
    let zero = [UInt8](repeating: 0, count: 8)
    try policies.set(zero + zero, for: [127, 0, 0, 2] + Packets.word(9) + [Packets.udp, 0])
    try policies.set(
      [127, 0, 0, 4] + Packets.word(10) + [0, 0] + zero, for: [127, 0, 0, 3] + Packets.word(9) + [Packets.udp, 0])
  }

  func fire() throws -> [Int32] {
    try Self.join(path)
    defer { try? Self.join(home) }
    // A socket belongs to the cgroup that it was made in.
    let socket = Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    defer { close(socket) }
    var results: [Int32] = []
    for round in 0..<3000 {
      for last in UInt8(1)...3 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        address.sin_addr.s_addr = UInt32(127 << 24 | UInt32(last)).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, size) }
        }
        guard round == 0 else { continue }
        results.append(status == 0 ? 0 : errno)
        var peer = sockaddr_in()
        var length = size
        withUnsafeMutablePointer(to: &peer) {
          _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket, $0, &length) }
        }
        results += [Int32(bitPattern: peer.sin_addr.s_addr), Int32(peer.sin_port)]
      }
    }
    return results
  }

  private static func join(_ cgroup: String) throws {
    guard let file = fopen("\(cgroup)/cgroup.procs", "w") else { throw Failure("opening \(cgroup): errno \(errno)") }
    fputs("\(getpid())", file)
    guard fclose(file) == 0 else { throw Failure("moving to \(cgroup): errno \(errno)") }
  }

  private static func read(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else { throw Failure("opening \(path): errno \(errno)") }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = fread(&buffer, 1, buffer.count - 1, file)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// TCP connections over the loopback interface, made and closed.
final class Handshake: EventSource {
  private let listener: CInt
  private var address = sockaddr_in()

  init() throws {
    listener = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    guard isBound else { throw Failure("listening: errno \(errno)") }
  }

  deinit { close(listener) }

  var hook: Hook? { nil }

  func fire() throws -> [Int32] {
    for _ in 0..<1000 {
      let client = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
      defer { close(client) }
      // Closed with a reset: nothing waits for it afterwards.
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
      var address = address
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard status == 0 else { throw Failure("connecting: errno \(errno)") }
      close(accept(listener, nil, nil))
    }
    return []
  }
}

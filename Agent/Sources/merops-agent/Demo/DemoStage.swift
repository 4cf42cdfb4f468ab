// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import MeropsControl

/// Where the demo happens: a folder, a cgroup, addresses of a network that nobody else has, and an agent.
///
/// The network, the mounts and what is pinned belong to namespaces that end with the last process in them, and every process that
/// is started ends with this one.
final class DemoStage {
  let folder: String
  /// Below the root of cgroup v2.
  let cgroup: String
  private let cgroupPath: String
  let shell: String
  private var agent: pid_t?
  private var lifeline: CInt = -1
  /// What goes on until the demo ends it, by closing its input.
  private var helpers: [(pid: pid_t, input: DemoPipe)] = []

  var client: ControlClient { ControlClient(socket: "\(folder)/s") }

  /// What an attacker asks for, and what the application needs: what answers there, and how.
  static let credentials = "169.254.169.254:80"
  static let database = "10.77.0.7:5432"

  init() throws(ControlError) {
    for (name, package) in [("ip", "iproute2"), ("bash", "bash"), ("mount", "mount")] {
      do { _ = try Programs.find(name) } catch {
        throw ControlError(status: 0, message: "The demo needs the program `\(name)`: install the package \(package).")
      }
    }
    shell = try Programs.find("sh")
    guard let mount = Self.cgroupMount() else {
      throw ControlError(
        status: 0, message: "The demo needs cgroup v2, which is not mounted: mount -t cgroup2 none /sys/fs/cgroup")
    }
    (cgroup, cgroupPath) = ("/merops-demo-\(getpid())", "\(mount)/merops-demo-\(getpid())")
    var template = Array("/tmp/merops-demo-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw ControlError(status: 0, message: "No folder can be made in /tmp: \(String(cString: strerror(errno)))")
    }
    folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    // Other users may type along, too.
    chmod(folder, 0o755)
  }

  private static func cgroupMount() -> String? {
    guard let file = fopen("/proc/self/mounts", "re") else { return nil }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { free(line) }
    while getline(&line, &room, file) > 0 {
      let fields = line.map { String(cString: $0).split(separator: " ") } ?? []
      if fields.count > 2, fields[2] == "cgroup2" { return String(fields[1]) }
    }
    return nil
  }

  /// Makes what is needed, and starts the agent.
  func begin() throws {
    guard mkdir(cgroupPath, 0o755) == 0 else {
      throw ControlError(
        status: 0, message: "The cgroup \(cgroupPath) cannot be made: \(String(cString: strerror(errno)))")
    }
    try files()
    let log = open("\(folder)/setup.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(log) }
    let setup = try Programs.start(shell, ["-e", "\(folder)/setup"], output: log, error: log)
    guard try wait(for: setup) == 0 else {
      throw ControlError(status: 0, message: "The network of the demo cannot be made:\n\(text("setup.log"))")
    }
    try startServers()
    try startAgent()
  }

  private func files() throws {
    for name in ["bin", "v2", "bpf"] { mkdir("\(folder)/\(name)", 0o755) }
    guard let own = Programs.own, symlink(own, "\(folder)/bin/merops") == 0 else {
      throw ControlError(status: 0, message: "\(folder)/bin/merops cannot be made: \(String(cString: strerror(errno)))")
    }
    try write("#!/bin/sh\necho 0 > \(cgroupPath)/cgroup.procs && exec \"$@\"\n", to: "bin/app", mode: 0o755)
    try write(
      "export MEROPS_SOCKET=\(folder)/s PATH=\(folder)/bin:$PATH LC_ALL=C\ncd \(folder)\n", to: "env")
    try write(
      """
      for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done 2> /dev/null || true
      ip link set lo up
      ip addr add 169.254.169.254/32 dev lo
      ip addr add 10.77.0.7/32 dev lo
      # What is sent to 203.0.113.1 leaves by one end of a cable and arrives at the other one.
      ip link add outside0 address 02:00:00:00:00:01 type veth peer name shop0 address 02:00:00:00:00:02
      ip addr add 203.0.113.66/24 dev outside0
      ip link set outside0 up
      ip link set shop0 up
      ip neigh replace 203.0.113.1 lladdr 02:00:00:00:00:02 dev outside0
      mount -t bpf bpf \(folder)/bpf
      cp \(try Programs.find("echo")) \(folder)/miner
      """, to: "setup")
    try write(
      """
      socket: \(folder)/s
      group: none
      watch: [process, network]
      store: {kind: memory}
      policies: {enforce: true, folder: \(folder)/versions, cgroup: \(cgroupPath), pins: none}
      firewall: {enabled: true, pins: \(folder)/bpf/firewall}

      """, to: "agent.yaml")
    for (name, text) in DemoShow.policies { try write(text, to: name) }
  }

  private func write(_ text: String, to name: String, mode: mode_t = 0o644) throws(ControlError) {
    let file = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    defer { close(file) }
    let bytes = Array(text.utf8)
    guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
      throw ControlError(
        status: 0, message: "\(folder)/\(name) cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  private func text(_ name: String) -> String {
    (try? InputFile.read("\(folder)/\(name)")).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private func startServers() throws {
    let output = try DemoPipe()
    try startHelper(
      [
        "demo", "servers", "\(Self.credentials)=secret key of the cloud: AKIA-DEMO-1234", "\(Self.database)=orders: 42",
      ],
      output: output.writing)
    output.closeWriting()
    guard try output.read() != nil else {
      throw ControlError(status: 0, message: "The servers of the demo ended at once.")
    }
  }

  private func startAgent() throws {
    let daemon = try Programs.find("meropsd")
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw ControlError(status: 0, message: "No socket can be opened: \(String(cString: strerror(errno)))")
    }
    // Its number may be the one that it has to have in the agent, where it would stay closed.
    let other = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
    close(ends[1])
    lifeline = ends[0]
    let log = open("\(folder)/agent.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(log) }
    agent = try Programs.start(
      daemon, ["--config", "\(folder)/agent.yaml", "--lifeline", "3"], error: log, third: other)
    close(other)
    guard try DemoPipe.read(lifeline) != nil else {
      throw ControlError(status: 0, message: "The agent does not run here:\n\(text("agent.log"))")
    }
  }

  /// Starts this program with other words; it ends when its input does.
  @discardableResult
  private func startHelper(_ words: [String], output: CInt? = nil, asApplication: Bool = false) throws -> pid_t {
    let input = try DemoPipe()
    let pid = try Programs.start(
      "\(folder)/bin/\(asApplication ? "app" : "merops")", (asApplication ? ["\(folder)/bin/merops"] : []) + words,
      input: input.reading, output: output)
    helpers.append((pid, input))
    return pid
  }

  /// Lets processes of the application, one for each CPU, connect without a pause until ``endLoad(_:)``.
  ///
  /// - Returns: their processes, and what they count.
  func startLoad() throws -> (processes: [pid_t], board: DemoBoard) {
    let writers = max(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 1)
    let board = try DemoBoard("\(folder)/board", writers: writers)
    var processes: [pid_t] = []
    for writer in 0..<writers {
      processes.append(
        try startHelper(
          [
            "demo", "load", "--denied", Self.credentials, "--allowed", Self.database, "--board", "\(folder)/board",
            "--writer", "\(writer)", "--writers", "\(writers)",
          ], asApplication: true))
    }
    return (processes, board)
  }

  func endLoad(_ processes: [pid_t]) throws {
    for (pid, input) in helpers where processes.contains(pid) {
      input.closeWriting()
      guard try wait(for: pid) == 0 else {
        throw ControlError(status: 0, message: "A process of the demo that connects has failed.")
      }
    }
    helpers.removeAll { processes.contains($0.pid) }
  }
}

// The end.
extension DemoStage {
  /// Ends and removes all that there is.
  func end() {
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
    for (pid, input) in helpers {
      input.closeWriting()
      kill(-pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    helpers = []
    if let agent {
      kill(agent, SIGTERM)
      waitpid(agent, nil, 0)
      close(lifeline)
    }
    agent = nil
    if let umount = try? Programs.find("umount"), let pid = try? Programs.start(umount, ["-l", "\(folder)/bpf"]) {
      waitpid(pid, nil, 0)
    }
    // Who was in it, and has ended, leaves it a moment later.
    for _ in 0..<500 where rmdir(cgroupPath) != 0 && errno == EBUSY {
      let processes = (try? InputFile.read("\(cgroupPath)/cgroup.procs")) ?? []
      for line in String(decoding: processes, as: UTF8.self).split(separator: "\n") {
        if let pid = pid_t(line), pid > 1 { kill(pid, SIGKILL) }
      }
      usleep(10_000)
    }
    try? FileManager.default.removeItem(atPath: folder)
  }
}

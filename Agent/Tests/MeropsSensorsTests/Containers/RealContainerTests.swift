// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsSensors

/// Containers of real runtimes, run from a root file system that has busybox only. `Tools/setup containers` installs them.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct RealContainerTests {
  @Test(.enabled(if: Site.has("containerd", "ctr", "runc"), "containerd is not installed: Tools/setup containers"))
  func containerd() throws {
    let site = try Site()
    try site.startContainerd()
    try site.watch()
    for index in 0..<Site.count {
      let name = "\(site.mark)-\(index)"
      try site.run(
        "ctr -a \(site.socket) run --rm --rootfs \(site.root) \(name)",
        Seen(id: name, runtime: "containerd", rootfs: site.root))
    }
    try site.finish()
  }

  @Test(
    .enabled(
      if: Site.has("containerd", "runc", "dockerd", "docker"), "docker is not installed: Tools/setup containers"))
  func docker() throws {
    let site = try Site()
    try site.startContainerd()
    try site.startDocker()
    let docker = "docker -H unix://\(site.folder)/docker.sock"
    try Shell.run("tar -C \(site.root) -c . | \(docker) import - \(site.image) >/dev/null")
    try site.watch()
    for index in 0..<Site.count / 4 {
      let name = "\(site.mark)-\(index)"
      try site.run(
        "\(docker) run --rm --cidfile \(site.folder)/\(name) --network none --name \(name) \(site.image)",
        Seen(runtime: "docker", image: site.image, name: name, rootfs: "\(site.folder)/docker/"), idFile: name)
    }
    try site.finish()
  }

  @Test(
    .enabled(
      if: Site.has("podman", "conmon", Site.podmanRuntime),
      "podman with \(Site.podmanRuntime) is not installed: Tools/setup containers"))
  func podman() throws {
    let site = try Site()
    let podman =
      "podman --root \(site.folder)/storage --runroot \(site.folder)/run --tmpdir \(site.folder)/tmp"
      + " --storage-driver vfs --cgroup-manager cgroupfs --events-backend none --runtime \(Site.podmanRuntime)"
    let options = "--rm --network none --ulimit nofile=512:512 --ulimit nproc=512:512"
    let image = "localhost/\(site.image)"
    try Shell.run("tar -C \(site.root) -c . | \(podman) import -q - \(image) >/dev/null")
    try site.watch()
    for index in 0..<Site.count / 2 {
      let name = "\(site.mark)-\(index)"
      let isBare = index % 2 == 0
      try site.run(
        "\(podman) run \(options) --cidfile \(site.folder)/\(name) --name \(name)"
          + (isBare ? " --rootfs \(site.root)" : " \(image)"),
        Seen(
          runtime: "podman", image: isBare ? nil : image, name: name,
          rootfs: isBare ? site.root : "\(site.folder)/storage/"), idFile: name)
    }
    try site.finish()
  }
}

/// What an event says of its container.
struct Seen: Equatable {
  var id: String?
  var runtime: String?
  var image: String?
  var name: String?
  /// Where it ends with a slash: the start of the path.
  var rootfs: String?
}

extension Seen {
  init(_ process: MeropsModel.Process) {
    let text = { (field: Field) -> String? in
      if case .text(let text)? = process.facts[field] { text.description } else { nil }
    }
    self.init(
      id: text(.containerID), runtime: text(.containerRuntime), image: text(.containerImage),
      name: text(.containerName), rootfs: text(.containerRootfs))
  }
}

/// A folder with a root file system, daemons of its own, and sensors that know of them.
private final class Site {
  let folder: String
  let mark = "merops-\(UInt32.random(in: 0...UInt32.max))"
  private var daemons: [Foundation.Process] = []
  private var expected: [Seen] = []
  private var watched: Watch?
  private let parents: [String]

  var root: String { folder + "/root" }
  var socket: String { folder + "/containerd/sock" }
  var image: String { mark + ":one" }

  /// How many containers a test runs. A guest takes seconds for each.
  static let count = ProcessInfo.processInfo.environment["MEROPS_GUEST"] == nil ? 20 : 4

  /// crun refuses to run where v1 controllers are mounted beside cgroup v2.
  static let podmanRuntime = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? "crun" : "runc"

  static func has(_ commands: String...) -> Bool {
    let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
    return (commands + ["busybox"]).allSatisfy { command in
      folders.contains { access("\($0)/\(command)", X_OK) == 0 }
    }
  }

  init() throws {
    let folder = NSTemporaryDirectory() + "merops-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder + "/root", withIntermediateDirectories: true)
    self.folder = URL(filePath: folder).resolvingSymlinksInPath().path
    parents = Self.cgroups().filter { access($0, F_OK) != 0 }
    try Shell.run(
      """
      cd "$1" && mkdir -p bin dev etc proc sys tmp usr && cp "$(command -v busybox)" bin/busybox
      for name in true sh; do ln -s busybox bin/$name; done
      """, [root])
  }

  deinit {
    for daemon in daemons.reversed() {
      daemon.terminate()
      daemon.waitUntilExit()
    }
    try? Shell.run(
      """
      awk -v at="$1/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount
      rm -rf "$1"
      """, [folder])
    // What the runtimes leave of the cgroups around their containers.
    for parent in parents { try? Shell.run("[ ! -d $1 ] || find $1 -depth -type d -exec rmdir {} +", [parent]) }
  }

  /// Where runtimes make their containers' cgroups, in every hierarchy.
  private static func cgroups() -> [String] {
    let mounts = SmallFile.text("/proc/self/mountinfo").split(separator: "\n").compactMap { line -> Substring? in
      line.contains(" - cgroup") ? line.split(separator: " ")[4] : nil
    }
    return mounts.flatMap { mount in ["default", "docker", "libpod_parent"].map { "\(mount)/\($0)" } }
  }

  func startContainerd() throws {
    try """
    version = 2
    root = "\(folder)/containerd/root"
    state = "\(folder)/containerd/state"
    disabled_plugins = ["io.containerd.grpc.v1.cri"]
    [grpc]
    address = "\(socket)"
    """.write(toFile: folder + "/containerd.toml", atomically: false, encoding: .utf8)
    try start("containerd --config \(folder)/containerd.toml", "ctr -a \(socket) version")
  }

  func startDocker() throws {
    // It writes a key of its own, into /etc unless it is told where.
    try #"{"deprecated-key-path": "\#(folder)/docker.key"}"#
      .write(toFile: folder + "/docker.json", atomically: false, encoding: .utf8)
    try start(
      "dockerd --config-file \(folder)/docker.json --data-root \(folder)/docker --exec-root \(folder)/exec --pidfile \(folder)/pid"
        + " --host unix://\(folder)/docker.sock --containerd \(socket) --storage-driver vfs"
        + " --iptables=false --ip6tables=false --bridge=none",
      "docker -H unix://\(folder)/docker.sock version")
  }

  /// Returns when the daemon answers.
  private func start(_ command: String, _ question: String) throws {
    let daemon = Foundation.Process()
    daemon.executableURL = URL(filePath: "/usr/bin/python3")
    // A child of a Swift test starts with all signals blocked, the one that ends it included.
    daemon.arguments =
      [
        "-c",
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execvp(sys.argv[1], sys.argv[1:])",
      ] + command.split(separator: " ").map(String.init)
    let log = folder + "/log"
    try Data().write(to: URL(filePath: log))
    daemon.standardOutput = FileHandle(forWritingAtPath: log)
    daemon.standardError = daemon.standardOutput
    try daemon.run()
    daemons.append(daemon)
    while true {
      let asking = try Shell.start(question + " >/dev/null 2>&1")
      asking.waitUntilExit()
      if asking.terminationStatus == 0 { return }
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      try #require(daemon.isRunning, "\(command) ended: \(text)")
      usleep(50_000)
    }
  }

  func watch() throws {
    var options = SensorOptions()
    options.classes = [.process]
    options.containers.containerdStates = [folder + "/containerd/state"]
    options.containers.dockerRoots = [folder + "/docker"]
    options.containers.storageRoots = [folder + "/storage"]
    watched = try Watch(options)
  }

  /// Runs a container whose first process ends at once, or starts others at once. Their last argument is the container's
  /// number.
  func run(_ command: String, _ seen: Seen, idFile: String? = nil) throws {
    let number = "\(mark)/\(expected.count)"
    try Shell.run(
      expected.count % 2 == 0
        ? "\(command) /bin/true \(number)"
        : "\(command) /bin/sh -c '/bin/true $0; /bin/true $0 & /bin/true $0; wait' \(number)")
    var seen = seen
    if let idFile { seen.id = try String(contentsOfFile: "\(folder)/\(idFile)", encoding: .utf8) }
    expected.append(seen)
  }

  /// Compares every event of the containers' processes, from the first on.
  func finish() throws {
    let events = try #require(watched).finish()
    var execs = Array(repeating: 0, count: expected.count)
    for event in events {
      guard case .texts(let arguments)? = event[.processArguments], let last = arguments.last?.description,
        last.hasPrefix(mark + "/"), let number = Int(last.dropFirst(mark.count + 1)),
        event[.processExecutable].map({ "\($0)".contains("/bin/busybox") }) == true
      else { continue }
      var seen = Seen(event.process)
      if let start = expected[number].rootfs, start.hasSuffix("/"), seen.rootfs?.hasPrefix(start) == true {
        seen.rootfs = start
      }
      #expect(seen == expected[number], "\(event.kind.name) of \(last)")
      if event.kind == .processExec { execs[number] += 1 }
    }
    #expect(execs == expected.indices.map { $0 % 2 == 0 ? 1 : 4 })
  }
}

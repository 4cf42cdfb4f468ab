// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The verbs that speak to the kernel, on one object from load to detach.
@Suite(.serialized, .requires(.root), .requires(kernel: "5.15")) struct LiveTests {
  let scratch: Scratch
  let pins: TestBPFFS

  init() throws {
    scratch = try Scratch()
    pins = try TestBPFFS()
  }

  @Test func verifyLeavesNothing() throws {
    let file = try scratch.object("execsnoop")
    let before = try FileManager.default.contentsOfDirectory(atPath: pins.path).sorted()
    let report = try #require(try Command.json("prog", "load", file) as? [String: Any])
    let programs = try #require(report["programs"] as? [[String: Any]])
    #expect(programs.allSatisfy { ($0["verified_insns"] as? Int ?? 0) > 0 })
    #expect(try FileManager.default.contentsOfDirectory(atPath: pins.path).sorted() == before)
  }

  @Test func fromLoadToDetach() throws {
    let file = try scratch.object("tracepoint")
    let folder = "\(pins.path)/probe"
    let report = try #require(try Command.json("prog", "load", file, "--pin", folder, "--attach") as? [String: Any])
    let programs = try #require(report["programs"] as? [String: String])
    let (name, path) = try #require(programs.first)
    let shown = try #require(try Command.json("prog", "show", path) as? [String: Any])
    let id = try #require(shown["id"] as? Int)

    // The same facts as bpftool's.
    let peer = try Shell.check("bpftool -j prog show pinned \(path)")
    let facts = try #require(try JSONSerialization.jsonObject(with: Data(peer.utf8)) as? [String: Any])
    for key in ["id", "tag", "bytes_xlated", "bytes_jited", "bytes_memlock"] {
      #expect("\(shown[key] ?? "-")" == "\(facts[key] ?? "+")", "\(key)")
    }
    let listed = try #require(try Command.json("prog", "list") as? [[String: Any]])
    #expect(listed.contains { $0["id"] as? Int == id })

    let links = try #require(try Command.json("link", "list") as? [[String: Any]])
    let link = try #require(links.first { $0["prog_id"] as? Int == id })
    #expect((link["place"] as? String)?.hasPrefix("tracepoint") == true)
    let refused = try Command.merops("link", "detach", "\(link["id"] ?? 0)")
    #expect(refused.status == 1 && refused.output.contains("pin"), "\(name): \(refused.output)")

    // A second load to the same place must not disturb the first.
    #expect(try Command.merops("prog", "load", file, "--pin", folder).status == 1)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func mapsByTheirTypes() throws {
    let folder = "\(pins.path)/maps"
    let file = try example("execve_tracker")
    _ = try Command.text("prog", "load", file, "--pin", folder)
    let map = "\(folder)/exec_counts"
    _ = try Command.text("map", "set", map, "4242", "7", "--only-new")
    #expect(try Command.text("map", "get", map, "4242") == "7\n")
    #expect(try Command.merops("map", "set", map, "4242", "8", "--only-new").status == 1)
    let peer = try Shell.check("bpftool -j map lookup pinned \(map) key hex 92 10 00 00")
    #expect(peer.contains("\"value\":7") || peer.contains("0x07"), "\(peer)")
    let dump = try #require(try Command.json("map", "dump", map) as? [[String: Any]])
    #expect(dump.count == 1 && dump[0]["value"] as? Int == 7)
    _ = try Command.text("map", "delete", map, "4242")
    #expect(try Command.merops("map", "get", map, "4242").status == 1)
    let wrong = try Command.merops("map", "set", map, "many", "7")
    #expect(wrong.status == 1 && wrong.output.contains("many"), "\(wrong.output)")
  }

  @Test func mapFactsEqualBpftools() throws {
    let folder = "\(pins.path)/facts"
    let file = try example("execve_tracker")
    _ = try Command.text("prog", "load", file, "--pin", folder)
    let map = "\(folder)/exec_counts"
    let shown = try #require(try Command.json("map", "show", map) as? [String: Any])
    let peer = try Shell.check("bpftool -j map show pinned \(map)")
    let facts = try #require(try JSONSerialization.jsonObject(with: Data(peer.utf8)) as? [String: Any])
    for key in ["id", "type", "name", "bytes_key", "bytes_value", "max_entries", "bytes_memlock"] {
      #expect("\(shown[key] ?? "-")" == "\(facts[key] ?? "+")", "\(key)")
    }
    #expect(try Command.text("map", "show", map).contains("memory     \(facts["bytes_memlock"] ?? "") bytes"))
    #expect(shown["frozen"] as? Bool == false)
    let listed = try #require(try Command.json("map", "list") as? [[String: Any]])
    let same = try #require(listed.first { $0["id"] as? Int == shown["id"] as? Int })
    #expect("\(same["bytes_memlock"] ?? "-")" == "\(facts["bytes_memlock"] ?? "+")")
  }

  /// Who holds a map is found in /proc: a watcher is a holder.
  @Test func holdersAreListed() throws {
    let folder = "\(pins.path)/held"
    let file = try example("execve_tracker")
    _ = try Command.text("prog", "load", file, "--pin", folder)
    let map = "\(folder)/exec_counts"
    let watcher = Thread { _ = try? Command.merops("map", "watch", map, "--seconds", "60") }
    watcher.start()
    // Whoever lists all maps holds each of them for a moment, too.
    var held: Int32?
    let isHeld = try eventually {
      let shown = try #require(try Command.json("map", "show", map) as? [String: Any])
      held = (shown["pids"] as? [[String: Any]] ?? []).filter { $0["comm"] as? String == "merops" }
        .compactMap { ($0["pid"] as? Int).flatMap(Int32.init(exactly:)) }.first { Self.commandLine($0).contains(map) }
      return held != nil
    }
    defer { if let held { kill(held, SIGTERM) } }
    #expect(isHeld)
    let id = (try Command.json("map", "show", map) as? [String: Any])?["id"] as? Int
    func ofThisMap(_ list: Any) -> [String: Any]? {
      (list as? [[String: Any]])?.first { $0["id"] as? Int == id }
    }
    #expect(ofThisMap(try Command.json("map", "list", "--processes"))?["pids"] is [[String: Any]])
    // Whoever does not ask for them does not wait for them.
    #expect(try #require(ofThisMap(try Command.json("map", "list")))["pids"] == nil)
  }

  /// The words that a process was started with.
  private static func commandLine(_ process: Int32) -> [String] {
    let bytes = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))) ?? Data()
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// CAP_BPF opens a pin that is open to the user; types come by id, which takes more. What can be shown is shown.
  @Test(.requires(kernel: "5.8"), .requires(.command("setpriv"))) func mapsWithoutTheirTypes() throws {
    let folder = "\(pins.path)/open"
    let file = try example("execve_tracker")
    _ = try Command.text("prog", "load", file, "--pin", folder)
    let map = "\(folder)/exec_counts"
    _ = try Command.text("map", "set", map, "4242", "7")
    let copy = "\(scratch.path)/merops"
    try Shell.check(["cp", Command.path("merops"), copy])
    try Shell.check(["chmod", "755", scratch.path, copy, pins.path, folder])
    try Shell.check(["chmod", "644", map])
    func run(_ arguments: String...) throws -> Shell.Result {
      try Shell.run(
        [
          "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+bpf", "--ambient-caps",
          "+bpf", copy,
        ] + arguments)
    }
    let dump = try run("map", "dump", map)
    #expect(dump.status == 0 && dump.output.contains("4242: 7"), "\(dump.output)")
    #expect(dump.output.contains("CAP_SYS_ADMIN"), "\(dump.output)")
    #expect(try run("map", "show", map).status == 0)
    try Shell.check(["chmod", "600", map])
    let closed = try run("map", "show", map)
    #expect(closed.status == 1 && closed.output.contains("permissions"), "\(closed.output)")
  }

  /// Starts programs until it is cancelled: however long it takes until somebody looks.
  private static func executions() -> Thread {
    let thread = Thread { while !Thread.current.isCancelled { _ = try? Shell.run(["true"]) } }
    thread.start()
    return thread
  }

  /// A record without a type is shown all the same, and how to have a type is said.
  @Test(.requires(.kernelBTF)) func traceOfUntypedRecords() throws {
    let background = Self.executions()
    defer { background.cancel() }
    let file = try scratch.object("execsnoop")
    let result = try Command.merops("trace", file, "--count", "2", "--seconds", "20")
    #expect(result.status == 0 && result.output.contains("the object has no struct of"), "\(result.output)")
    #expect(result.output.contains("|") && result.output.contains("2 records, 0 lost"), "\(result.output)")
    #expect(result.output.components(separatedBy: "has no struct").count == 2, "\(result.output)")
  }

  /// The listing equals bpftool's, line for line, but for the source lines that both weave in.
  @Test func dumpEqualsBpftools() throws {
    let folder = "\(pins.path)/dump"
    _ = try Command.text("prog", "load", try example("execve_tracker"), "--pin", folder)
    func instructions(_ text: String) -> [Substring] { text.split(separator: "\n").filter { $0.contains(": (") } }
    let ours = instructions(try Command.text("prog", "dump", "\(folder)/on_execve"))
    let peers = instructions(try Shell.check("bpftool prog dump xlated pinned \(folder)/on_execve"))
    #expect(!ours.isEmpty && ours == peers)
  }

  @Test func traceSeesAnExec() throws {
    let file = try example("execve_tracker")
    let background = Self.executions()
    defer { background.cancel() }
    let result = try Shell.run(
      [Command.path("merops"), "trace", file, "--json", "--count", "3", "--seconds", "20"], mergeErrors: false)
    let lines = result.output.split(separator: "\n")
    #expect(result.status == 0 && lines.count >= 3, "\(result.output)")
    for line in lines {
      let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let event = try #require(record["record"] as? [String: Any])
      #expect((event["pid"] as? Int ?? 0) > 0 && event["file"] is String)
    }
  }

  @Test func runsHaveAFreshPacketEach() throws {
    let file = try scratch.object("packet_counter")
    let folder = "\(pins.path)/run"
    _ = try Command.text("prog", "load", file, "--pin", folder)
    func value(_ options: String...) throws -> Int? {
      let arguments = [Command.path("merops"), "prog", "run", "\(folder)/count", "--repeat", "10", "--json"]
      let output = try Shell.check(arguments + options)
      return (try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])?["retval"] as? Int
    }
    #expect(try value() == 1)
    #expect(try value("--reuse") == 10)
  }

  @Test func profileCountsRuns() throws {
    let folder = "\(pins.path)/profile"
    let file = try example("execve_tracker")
    _ = try Command.text("prog", "load", file, "--pin", folder, "--attach")
    let background = Self.executions()
    defer { background.cancel() }
    let report = try #require(
      try Command.json("prog", "profile", "\(folder)/on_execve", "--seconds", "1") as? [String: Any])
    let programs = try #require(report["programs"] as? [[String: Any]])
    #expect(programs.first?["run_cnt"] as? Int ?? 0 > 0)
  }

  /// Ctrl-C ends a verb that goes on, and nothing of it stays in the kernel.
  @Test func interruptEndsWhatGoesOn() throws {
    let folder = "\(pins.path)/interrupt"
    let file = try example("execve_tracker")
    _ = try Command.text("prog", "load", file, "--pin", folder)
    func holders() throws -> [Any] {
      let links = try #require(try Command.json("link", "list", "--processes") as? [[String: Any]])
      return links.flatMap { ($0["pids"] as? [[String: Any]] ?? []).compactMap { $0["pid"] } }
    }
    for words in [
      ["trace", file], ["map", "watch", "\(folder)/exec_counts"], ["prog", "profile", "--seconds", "6000"],
    ] {
      let process = Process()
      process.executableURL = URL(filePath: Command.path("merops"))
      process.arguments = words
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      let id = process.processIdentifier
      // It has taken the signal over, and what it attaches is attached.
      let isReady = try eventually {
        let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
        let caught = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }?.split(separator: "\t").last
        let catches = (caught.flatMap { UInt64($0, radix: 16) } ?? 0) & 1 << UInt64(SIGINT - 1) != 0
        return try catches && (words[0] != "trace" || holders().contains { $0 as? Int == Int(id) })
      }
      kill(id, SIGINT)
      process.waitUntilExit()
      #expect(isReady && process.terminationReason == .exit && process.terminationStatus == 0, "\(words)")
      #expect(try !holders().contains { $0 as? Int == Int(id) })
    }
  }

  /// What trace asks for is what the program needs.
  @Test(arguments: [
    ("xdp", "struct xdp_md", "give --interface"), ("tc", "struct __sk_buff", "give --interface"),
    ("cgroup_skb/egress", "struct __sk_buff", "give --cgroup"),
    ("tracepoint", "void", "name the target in the section"),
  ])
  func traceAsksForTheTarget(section: String, context: String, answer: String) throws {
    let source = """
      #include <linux/bpf.h>
      #include <bpf/bpf_helpers.h>
      char LICENSE[] SEC("license") = "GPL";
      struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 1); }
        counts SEC(".maps");
      SEC("\(section)") int program(\(context) *c) { return bpf_map_lookup_elem(&counts, &(int){0}) == 0; }
      """
    let object = try scratch.compiled(scratch.file("targets.bpf.c", Array(source.utf8)))
    let result = try Command.merops("trace", object, "--watch", "counts", "--seconds", "0")
    #expect(result.status == 1 && result.output.contains(answer), "\(result.output)")
    #expect(result.output.contains("'\(section)'"), "\(result.output)")
  }

  @Test func devicesAndCgroups() throws {
    let network = try NetworkPair()
    let folder = "\(pins.path)/xdp"
    let file = try example("dynamic_firewall")
    _ = try Command.text("prog", "load", file, "--pin", folder)
    try network.near.check("ip link set dev veth0 xdpgeneric pinned \(folder)/dynamic_firewall")
    let report = try #require(
      try Command.json("net", "--netns", network.near.path) as? [[String: Any]])
    #expect(report.contains { $0["devname"] as? String == "veth0" && $0["hook"] as? String == "xdp (generic)" })
    #expect(try Command.json("cgroup") is [Any])
  }

  @Test func featuresAreAskedOfTheKernel() throws {
    let report = try #require(try Command.json("features") as? [String: Any])
    let features = try #require(report["features"] as? [[String: Any]])
    #expect(features.contains { $0["name"] as? String == "hash" && $0["works"] as? Bool == true })
    #expect(try Command.text("features", "--helpers", "xdp").contains("map_lookup_elem"))
  }

  /// The object of an example's kernel program.
  private func example(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    return try scratch.compiled("\(root)/Examples/\(name).bpf.c")
  }
}

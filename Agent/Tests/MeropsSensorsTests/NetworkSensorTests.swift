// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import MeropsSensors
import Testing

/// Acts of `merops-sockets`, which says what it did, as the sensor reports them.
@Suite(.serialized, .enabled(if: getuid() == 0, "loading programs into the kernel needs root"))
struct NetworkSensorTests {
  @Test(
    arguments: [
      "ipv4 20", "ipv6 20", "mapped 20", "refused", "refused6", "unreachable", "timeout", "half-open", "nonblocking",
      "retransmitted", "lossy", "bindings", "passed", "inherited", "io_uring",
    ])
  func whatASocketDoesIsTold(scenario: String) throws {
    let run = try SocketRun(scenario)
    if run.isImpossible { try Test.cancel("this kernel does not allow what \(scenario) does") }
    #expect(!run.ledger.isEmpty)
    var left = run.events
    for act in run.ledger {
      let place = left.firstIndex { act.matches($0) }
      #expect(place != nil, "\(scenario): \(act) is not in \(left.map(\.line))")
      if let place { left.remove(at: place) }
    }
    // A program ends with sockets open whose end it did not tell.
    #expect(left.filter { $0.kind != .networkClose && $0.kind != .networkFlow }.map(\.line) == [])
    // One connection has one number, on each side.
    for (_, events) in Dictionary(grouping: run.events, by: { SocketNumber($0) }) {
      let begins = events.filter { $0.kind == .networkConnect || $0.kind == .networkAccept }
      #expect(begins.count <= 1)
    }
  }

  @Test(arguments: ["dns4", "dns6", "dns-tcp", "dns-raw", "dns-sendto"])
  func questionsAndAnswersBelongToWhoAsked(scenario: String) throws {
    let run = try SocketRun(scenario)
    let told = run.events.filter { $0.kind.eventClass == .dns }
    #expect(told.map(\.dnsLine) == run.lines.filter { $0.contains("dns.") })
    #expect(told.count == 24)
    for event in told where event.kind == .dnsAnswer && event[.dnsName] != nil {
      #expect(event.number(.dnsLatency) ?? 0 > 0)
    }
  }

  @Test func whoGetsAnAnswerThatDidNotFitAsksAgainOverTCP() throws {
    let run = try SocketRun("dns-long")
    let told = run.events.filter { $0.kind.eventClass == .dns }
    #expect(told.map(\.dnsLine) == run.lines.filter { $0.contains("dns.") })
    let areCut = told.filter { $0.kind == .dnsAnswer }.map { event in
      event.withFacts { Packed.withField(.dnsAddresses, in: $0) { $1 } }
    }
    #expect(areCut == [true, false])
  }

  /// The kernel's own numbers of a connection that lost segments, from its socket before it was reset.
  @Test(
    .enabled(if: Witness.hasNumbersOfSockets, "ss is not installed, or the kernel has no tcp_diag for it"),
    arguments: ["lossy", "lossy6"])
  func ssReadsTheSameNumbers(scenario: String) throws {
    let run = try SocketRun(scenario)
    let ends = run.events.filter { $0.kind == .networkClose }
    #expect(ends.count == 2)
    for end in ends {
      let local = try #require(end.number(.sourcePort))
      let remote = try #require(end.number(.destinationPort))
      let words = try #require(
        run.lines.filter { $0.hasPrefix("ss\t") }.map { $0.split(whereSeparator: \.isWhitespace) }.first {
          $0.count > 4 && $0[3].hasSuffix(":\(local)") && $0[4].hasSuffix(":\(remote)")
        })
      let number = { (name: String) in
        words.first { $0.hasPrefix(name + ":") }.map { $0.dropFirst(name.count + 1) } ?? "0"
      }
      let whole = { (name: String) in UInt64(number(name)) }
      let sent = try #require(whole("bytes_sent"))
      let again = try #require(whole("bytes_retrans"))
      #expect(again > 0)
      #expect(end.number(.networkBytesSent) == sent - again)
      #expect(end.number(.networkBytesReceived) == whole("bytes_received"))
      #expect(end.number(.networkRetransmits) == UInt64(number("retrans").split(separator: "/").last ?? "0"))
      let roundTrip = try #require(Double(number("rtt").split(separator: "/")[0]))
      // In milliseconds, of which ss shows six digits.
      let told = Double(end.number(.networkRoundTrip) ?? 0) / 1e6
      #expect(abs(told - roundTrip) <= roundTrip / 100_000, "\(words)")
    }
  }

  @Test(arguments: ["udp 95", "udp6 95", "udp-mapped 95", "udp-again 20"])
  func datagramsAreSummedUp(scenario: String) throws {
    let run = try SocketRun(scenario)
    let fields: [Field] = [
      .networkBytesSent, .networkBytesReceived, .networkPacketsSent, .networkPacketsReceived,
    ]
    var sums: [String: [UInt64]] = [:]
    for event in run.events where event.kind == .networkFlow {
      guard case .address(let peer)? = event[.destinationAddress] else { continue }
      let key =
        "\(event.process.key.pid)\tnetwork.flow\t\(peer)\t\(event.number(.destinationPort).map(String.init) ?? "-")"
      for (index, field) in fields.enumerated() {
        sums[key, default: [0, 0, 0, 0]][index] += event.number(field) ?? 0
      }
    }
    let told = sums.map { key, numbers in "\(key)\t\(numbers.map(String.init).joined(separator: "\t"))" }
    let done = run.lines.filter { $0.contains("network.flow") }
      .map { $0.replacing("::ffff:127.0.0.1", with: "127.0.0.1") }
    #expect(told.sorted() == done.sorted())
  }

  @Test func unixSocketsAreToldOfByThePathThatTheKernelKnows() throws {
    let folder = NSTemporaryDirectory() + "merops-sockets-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try SocketRun("unix \(URL(filePath: folder).resolvingSymlinksInPath().path)") {
      $0.network.watchesUnixSockets = true
    }
    let told = run.events.map { event -> String in
      var name = "-"
      if case .text(let text)? = event[.unixPath] { name = text.description }
      return "\(event.process.key.pid)\t\(event.kind.name)\t\(event.number(.eventError) ?? 0)\t\(name)"
    }
    // A guest's root is another one than the kernel's: the kernel's paths are longer at the front.
    #expect(told.count == 4)
    for (told, line) in zip(told, run.lines) {
      let (told, line) = (told.split(separator: "\t"), line.split(separator: "\t"))
      #expect(told[..<3] == line[..<3] && told[3].hasSuffix(line[3]))
    }
  }

  @Test func flowsThatDoNotFitAreLostAndCounted() throws {
    let run = try SocketRun("udp 20") { $0.network.flows = 1 }
    #expect(try run.counts()[.network].lost >= 20)
  }

  @Test func connectionsFromBeforeTheSensorsHaveTheirProcess() throws {
    let process = Foundation.Process()
    let program: URL = try #require(Built.program("merops-sockets"))
    process.executableURL = program
    process.arguments = ["earlier"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // It has connected when it reports the listener.
    var text = output.fileHandleForReading.availableData
    var options = SensorOptions()
    options.classes = [.process, .network]
    let watch = try Watch(options)
    try input.fileHandleForWriting.close()
    text += try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let events = try watch.finish().filter { $0.process.key.pid == UInt32(bitPattern: process.processIdentifier) }
    let acts = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { SocketAct($0) }
    let ends = acts.filter { $0.words[1] == "network.close" }
    #expect(ends.count == 2)
    for end in ends { #expect(events.contains { end.matches($0) }, "\(end) is not in \(events.map(\.line))") }
  }

  @Test func tenThousandConnectionsAreCountedExactly() throws {
    let run = try SocketRun("many 10000")
    let kinds = Dictionary(grouping: run.events, by: \.kind).mapValues(\.count)
    let lost = Int(try run.counts()[.network].lost)
    let told = [EventKind.networkConnect, .networkAccept, .networkClose].reduce(0) { $0 + (kinds[$1] ?? 0) }
    // Of what the kernel left a program out of, it is not known whether it was an act.
    #expect(lost == 0 ? told == 40000 : told < 40000 && told + lost >= 40000, "\(kinds), \(lost) lost")
  }

  @Test func loopbackIsFilteredInTheKernel() throws {
    let run = try SocketRun("ipv4 50") { $0.network.ignoresLoopback = true }
    #expect(run.events.filter { $0.kind != .networkBind && $0.kind != .networkListen }.map(\.line) == [])
    // Both sides: a beginning and an end each.
    #expect(try run.counts()[.network].filtered >= 200)
  }

  @Test func whatDoesNotFitIntoTheMapIsLostAndCounted() throws {
    let run = try SocketRun("many 500") { $0.network.connections = 1 }
    let kinds = Dictionary(grouping: run.events, by: \.kind).mapValues(\.count)
    #expect((kinds[.networkConnect] ?? 0) <= 500)
    #expect(kinds[.networkAccept] == 500)
    #expect(try run.counts()[.network].lost > 0)
  }

  /// The kernel's own numbers, at the same moment: bpftrace reads them where the connection ends.
  @Test(.enabled(if: Witness.isUsable, "bpftrace is not installed, or does not know this kernel"))
  func bpftraceReadsTheSameNumbers() throws {
    let script = """
      tracepoint:sock:inet_sock_set_state /args->newstate == 7 && args->protocol == 6/ {
        $tcp = (struct tcp_sock *)args->skaddr;
        printf("%d %d %lu %lu %u %u %u %u\\n", args->sport, args->dport, $tcp->bytes_sent - $tcp->bytes_retrans,
          $tcp->bytes_received, $tcp->segs_out, $tcp->segs_in, $tcp->total_retrans, $tcp->srtt_us >> 3);
      }
      """
    let witness = try Witness(script)
    let run = try SocketRun("ipv4 30")
    let lines = try witness.finish()
    let ends = run.events.filter { $0.kind == .networkClose }
    #expect(ends.count == 60)
    for end in ends {
      let numbers = [
        Field.sourcePort, .destinationPort, .networkBytesSent, .networkBytesReceived, .networkPacketsSent,
        .networkPacketsReceived, .networkRetransmits, .networkRoundTrip,
      ].map { end.number($0) ?? 0 }
      // bpftrace's bytes received have the peer's FIN; the numbers are in microseconds.
      let exact = [numbers[3], numbers[3] + 1].map { received in
        (numbers[..<3] + [received] + numbers[4..<7] + [numbers[7] / 1000]).map(String.init).joined(separator: " ")
      }
      #expect(!lines.isDisjoint(with: exact), "\(exact[0]) is not among \(lines.sorted())")
    }
  }
}

/// A run of `merops-sockets` while the sensors watch.
struct SocketRun {
  let ledger: [SocketAct]
  /// All lines, as they were printed.
  let lines: [String]
  /// Of its processes, about the network.
  let events: [Event]
  /// The kernel does not allow it (io_uring, say).
  let isImpossible: Bool
  private let watch: Watch

  init(_ scenario: String, _ change: (inout SensorOptions) -> Void = { _ in }) throws {
    var options = SensorOptions()
    options.classes = [.process, .network, .dns]
    change(&options)
    watch = try Watch(options)
    let process = Foundation.Process()
    let program: URL = try #require(Built.program("merops-sockets"))
    process.executableURL = program
    process.arguments = scenario.split(separator: " ").map(String.init)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    isImpossible = process.terminationStatus == 77
    if !isImpossible { #expect(process.terminationStatus == 0, "\(scenario)") }
    let lines = text.split(separator: "\n")
    self.lines = lines.map(String.init)
    ledger = lines.compactMap { SocketAct($0) }
    let pids = Set(lines.compactMap { $0.split(separator: "\t").first.flatMap { UInt32($0) } })
    events = try watch.finish().filter {
      ($0.kind.eventClass == .network || $0.kind.eventClass == .dns) && pids.contains($0.process.key.pid)
    }
    for report in watch.sensors.reports where report.sensor.hasPrefix("network") || report.sensor == "dns" {
      #expect(report.hook != nil && report.missing == nil, "\(report)")
    }
  }

  func counts() throws -> Counts { try watch.sensors.counts() }
}

/// One line of what `merops-sockets` says.
struct SocketAct: CustomStringConvertible {
  let words: [Substring]

  init?(_ line: Substring) {
    words = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard words.count == 13 else { return nil }
  }

  var description: String { words.joined(separator: " ") }

  func matches(_ event: Event) -> Bool {
    guard words[0] == "\(event.process.key.pid)", words[1] == event.kind.name,
      words[2] == "\(event.number(.eventError) ?? 0)",
      isAddress(words[3], event[.sourceAddress]), isNumber(words[4], event.number(.sourcePort)),
      isAddress(words[5], event[.destinationAddress]), isNumber(words[6], event.number(.destinationPort)),
      isNumber(words[7], event.number(.networkBytesSent)), isNumber(words[8], event.number(.networkBytesReceived))
    else { return false }
    guard words[1] == "network.close" else { return true }
    // The end comes when the program has asked for the numbers, and on a slow machine it may be sent again.
    return isSoon(words[9], event.number(.networkPacketsSent))
      && isSoon(words[10], event.number(.networkPacketsReceived))
      && isSoon(words[11], event.number(.networkRetransmits)) && event.number(.networkRoundTrip) ?? 0 > 0
  }

  /// Whether a number is what it was, or up to three more.
  private func isSoon(_ word: Substring, _ value: UInt64?) -> Bool {
    guard let before = UInt64(word), let value else { return false }
    return value >= before && value <= before + 3
  }

  private func isAddress(_ word: Substring, _ value: Value?) -> Bool {
    guard word != "-" else { return true }
    guard case .address(let address)? = value else { return false }
    return Address(word) == address
  }

  private func isNumber(_ word: Substring, _ value: UInt64?) -> Bool { word == "-" || UInt64(word) == value }
}

struct SocketNumber: Hashable {
  let number: UInt64?

  init(_ event: Event) { number = event.number(.networkSocket) }
}

extension Event {
  func number(_ field: Field) -> UInt64? { if case .uint(let number)? = self[field] { number } else { nil } }

  /// As `merops-sockets` writes it.
  var dnsLine: String {
    let text = { (field: Field) -> String in
      switch self[field] {
      case .text(let text)?: text.description
      case .texts(let texts)?: texts.isEmpty ? "-" : texts.map(\.description).joined(separator: ",")
      default: "-"
      }
    }
    let answer = kind == .dnsAnswer ? "\t\(text(.dnsCode))\t\(text(.dnsAddresses))" : ""
    return "\(process.key.pid)\t\(kind.name)\t\(text(.networkTransport))\t\(text(.dnsName))\t\(text(.dnsType))\(answer)"
  }

  var line: String {
    let fields: [Field] = [
      .eventError, .sourceAddress, .sourcePort, .destinationAddress, .destinationPort, .networkBytesSent,
      .networkBytesReceived, .networkPacketsSent, .networkPacketsReceived, .networkRetransmits, .networkRoundTrip,
    ]
    let words = fields.map { field -> String in
      switch self[field] {
      case .uint(let number)?: "\(number)"
      case .address(let address)?: "\(address)"
      default: "-"
      }
    }
    return "\(process.key.pid) \(kind.name) \(words.joined(separator: " "))"
  }
}

/// bpftrace, beside the sensors.
final class Witness {
  static let isUsable = succeeds(
    "/usr/bin/bpftrace", "-e", "BEGIN { $tcp = (struct tcp_sock *)0; print($tcp->bytes_sent); exit(); }")

  /// Whether ss knows more of a connection than /proc/net/tcp does.
  static let hasNumbersOfSockets = succeeds(
    "/usr/bin/python3", "-c",
    """
    import socket, subprocess, sys
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    words = ["ss", "-tinHO", "sport", "=", ":%d" % client.getsockname()[1]]
    sys.exit("bytes_acked" not in subprocess.run(words, stdout=subprocess.PIPE, text=True).stdout)
    """)

  private static func succeeds(_ program: String, _ arguments: String...) -> Bool {
    let process = Foundation.Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  private let process = Foundation.Process()
  private let output = Pipe()

  /// Returns when it is attached.
  init(_ script: String) throws {
    // A child of a Swift test starts with all signals blocked, the one that ends it included.
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c",
      "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execvp(sys.argv[1], sys.argv[1:])",
      "bpftrace", "-B", "none", "-e", "BEGIN { printf(\"attached\\n\"); } " + script,
    ]
    process.standardOutput = output
    try process.run()
    var text = Data()
    while !text.contains(UInt8(ascii: "\n")) || !String(decoding: text, as: UTF8.self).contains("attached") {
      let more = output.fileHandleForReading.availableData
      try #require(!more.isEmpty, "bpftrace ended")
      text += more
    }
  }

  /// The lines that it printed.
  func finish() throws -> Set<String> {
    process.terminate()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Set(String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
  }
}

/// What the package builds.
enum Built {
  /// A program of the package: beside the tests.
  static func program(_ name: String) -> URL? {
    var folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let candidates =
      CommandLine.arguments.filter { $0.contains(".xctest") }.map { URL(filePath: $0) } + [folder]
    for candidate in candidates {
      folder = candidate
      while folder.path != "/" {
        folder.deleteLastPathComponent()
        let program = folder.appending(path: name)
        if access(program.path, X_OK) == 0 { return program }
      }
    }
    return nil
  }
}

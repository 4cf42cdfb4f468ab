// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsControl
import MeropsModel
import MeropsServer
import Synchronization
import Testing

@Suite struct ServerTests {
  /// A folder with a short name: a socket's path has 107 bytes.
  final class Folder {
    let path: String

    init() throws {
      path = "/tmp/merops-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private func routes(_ pieces: [[UInt8]] = [], cancelled: @escaping @Sendable () -> Void = {}) -> ControlRoutes {
    ControlRoutes(
      status: { Self.status },
      events: { request throws(ControlError) in
        guard request.condition != "bad" else { throw .badRequest("line one\n   ^~~ here") }
        return Self.stream(pieces, cancelled: cancelled)
      },
      stream: { _ in Self.stream(pieces, isEndless: true, cancelled: cancelled) },
      event: { id, _ in id.rawValue == 0 ? Array("{}\n".utf8) : nil },
      processes: { _ in EventFrames.bytes(sampleBatch(2)) },
      top: { request, subject, _ in TopReply(by: subject, since: request.since ?? 0, rows: [], others: 0) },
      metrics: { "merops_up 1\n" })
  }

  static let status = AgentStatus(
    version: "0", pid: 1, host: "h", kernel: "k", started: 1, now: 2, counts: Counts(), lastLoss: nil,
    sensors: [SensorReport(sensor: "process", hook: "tp_btf/x", missing: nil)], store: nil, sinks: [],
    subscribers: .init(), process: .init(memory: 1, cpuTime: 2), alarms: ["a"])

  static func stream(
    _ pieces: [[UInt8]], isEndless: Bool = false, cancelled: @escaping @Sendable () -> Void
  ) -> ByteStream {
    let rest = Mutex(pieces[...])
    return ByteStream(
      next: {
        if let piece = rest.withLock({ $0.popFirst() }) { return piece }
        if isEndless { try? await Task.sleep(for: .milliseconds(5)) }
        return isEndless ? [0x0a] : nil
      }, cancel: cancelled)
  }

  private func withServer(
    _ routes: ControlRoutes, _ options: ControlServer.Options = .init(), group: UInt32? = nil,
    _ body: @escaping @Sendable (ControlClient, ControlServer, String) throws -> Void
  ) async throws {
    let folder = try Folder()
    let path = folder.path + "/s"
    let server = try await ControlServer.start(ControlSocket(path, group: group), routes, options)
    do { try await Self.waiting { try body(ControlClient(socket: path), server, path) } } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func whatIsAskedIsAnswered() async throws {
    try await withServer(routes([Array("{\"a\":1}\n".utf8), Array("{\"a\":2}\n".utf8)])) {
      (client, _, path) throws in
      #expect(try client.get("/v1/status", as: AgentStatus.self) == Self.status)
      #expect(try client.get("/v1/events?limit=2") == Array("{\"a\":1}\n{\"a\":2}\n".utf8))
      #expect(try client.get("/metrics") == Array("merops_up 1\n".utf8))
      #expect(try client.get("/v1/top?by=file", as: TopReply.self).by == .file)
      var frames = EventFrames()
      #expect(try frames.read(client.get("/v1/processes?format=packed")).count == 1)
      #expect(try client.get("/v1/events/0000000000000") == Array("{}\n".utf8))
      let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
      #expect(rights?.intValue == 0o660)
    }
  }

  @Test(arguments: [
    ("/v1/nothing", 404, "nothing at"), ("/v1/events?limit=0", 400, "limit"), ("/v1/events?where=bad", 400, "^~~ here"),
    ("/v1/events/000000000000Z", 404, "no event"), ("/v1/events/x", 400, "not an event's id"),
    ("/v1/status?a=1", 400, "`a`"),
    ("/v1/top?by=moon", 400, "`by`"),
  ]) func aMistakeIsExplained(_ target: String, _ status: Int, _ words: String) async throws {
    try await withServer(routes()) { (client, _, _) throws in
      let error = #expect(throws: ControlError.self) { try client.get(target) }
      #expect(error?.status == status)
      #expect(error?.message.contains(words) == true)
    }
  }

  /// Who is refused hears why, though most of what was sent is unread then.
  @Test(.enabled(if: geteuid() == 0, "needs root")) func whatIsTooLargeIsAnswered() async throws {
    var all = routes()
    all.policies = PolicyRoutes(
      report: { () throws(ControlError) in throw .notFound("none") }, history: { () throws(ControlError) in [] },
      version: { _ throws(ControlError) in throw .notFound("none") },
      apply: { application, _ throws(ControlError) in throw .badRequest("read \(application.file.text.utf8.count)") },
      promote: { _, _ throws(ControlError) in throw .notFound("none") },
      confirm: { _ throws(ControlError) in throw .notFound("none") },
      delete: { _, _ throws(ControlError) in throw .notFound("none") },
      rollBack: { _, _ throws(ControlError) in throw .notFound("none") },
      verify: { _ throws(ControlError) in throw .notFound("none") })
    try await withServer(all) { (client, _, _) throws in
      for (target, megabytes, status, words) in [
        ("/v1/policies?file=a.yaml", 1, 400, "read 1048576"), ("/v1/policies?file=a.yaml", 70, 413, "longer than"),
        ("/v1/policies?file=..", 9, 400, "the name of a file"), ("/v1/policies/a.yaml", 9, 405, "not answered"),
        ("/v1/nothing", 9, 405, "Only GET"),
      ] {
        let body = [UInt8](repeating: UInt8(ascii: "["), count: megabytes << 20)
        let error = #expect(throws: ControlError.self) {
          try client.change("POST", target, body: body, as: PolicyChange.self)
        }
        #expect(error?.status == status && error?.message.contains(words) == true, "\(target): \(error?.message ?? "")")
      }
    }
  }

  @Test func aStreamEndsWithItsReader() async throws {
    let ended = AsyncStream<Void>.makeStream()
    let line = Array("{\"event\":\"x\"}\n".utf8)
    try await withServer(routes([line, line], cancelled: { ended.continuation.yield() })) {
      (client, _, _) throws in
      var text: [UInt8] = []
      try client.stream("/v1/events/stream") { piece in
        text += piece
        return text.count < 60
      }
      #expect(
        String(decoding: text, as: UTF8.self).hasPrefix("data: {\"event\":\"x\"}\n\ndata: {\"event\":\"x\"}\n\n:\n\n"))
    }
    for await _ in ended.stream { break }
  }

  @Test func tcpNeedsTheToken() async throws {
    try await withServer(routes(), .init(port: 0, token: "secret")) {
      (_, server, _) throws in
      let port = try #require(server.port)
      for (token, expected) in [("secret", 200), ("Secret", 401), ("", 401)] {
        let reply = try Self.http(
          port, "GET /v1/status HTTP/1.1\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n")
        #expect(reply.hasPrefix("HTTP/1.1 \(expected) "))
      }
      #expect(
        try Self.http(port, "POST /v1/status HTTP/1.1\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n")
          .hasPrefix("HTTP/1.1 405 "))
    }
    await #expect(throws: ServerError.self) {
      try await self.withServer(routes(), .init(port: 0)) { _, _, _ in }
    }
  }

  /// Whoever is neither root nor the agent's user nor in the group is refused, even with a right to the file.
  @Test(.enabled(if: geteuid() == 0, "needs root, to become somebody else")) func strangersAreRefused() async throws {
    try await withServer(routes(), group: 12_345) { (_, _, path) throws in
      chmod(path, 0o666)
      #expect(try Self.curl(path, user: 54_321, group: 54_321) == "403")
      #expect(try Self.curl(path, user: 54_321, group: 12_345) == "200")
      chmod(path, 0o660)
      #expect(try Self.curl(path, user: 54_321, group: 54_321) == "")
      // The inner socket is for nobody else.
      #expect(try Self.curl(path + ".d/http", user: 54_321, group: 12_345) == "")
      // Even root has to come through the door: there nobody knows who asks.
      #expect(try Self.curl(path + ".d/http", user: 0, group: 0) == "403")
    }
  }

  @Test func whatAKilledAgentLeftIsReplaced() async throws {
    let folder = try Folder()
    let path = folder.path + "/s"
    try FileManager.default.createDirectory(atPath: path + ".d", withIntermediateDirectories: false)
    _ = FileManager.default.createFile(atPath: path + ".d/http", contents: nil)
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let server = try await ControlServer.start(ControlSocket(path), routes())
    #expect(try await Self.waiting { try ControlClient(socket: path).get("/metrics") } == Array("merops_up 1\n".utf8))
    await server.stop()
    let error = #expect(throws: ControlError.self) { try ControlClient(socket: path).get("/metrics") }
    #expect(error?.message.contains("No agent is running") == true)
  }

  /// Whoever may ask may not change: only root may, and over the socket.
  @Test(.enabled(if: geteuid() == 0, "needs root, to become somebody else")) func onlyRootChangesTheFirewall()
    async throws
  {
    let asked = Mutex<[FirewallRequest]>([])
    var routes = routes()
    routes.firewall = Self.firewall { request in asked.withLock { $0.append(request) } }
    let body = #"{"action":"drop","sources":["203.0.113.7"]}"#
    try await withServer(routes, .init(port: 0, token: "secret"), group: 12_345) { (client, server, path) throws in
      #expect(try Self.curl(path, user: 54_321, group: 12_345, "GET /v1/firewall") == "200")
      #expect(try Self.curl(path, user: 54_321, group: 12_345, "POST /v1/firewall/rules", body) == "403")
      let port = try #require(server.port)
      let head = "Authorization: Bearer secret\r\nConnection: close\r\nContent-Length: \(body.utf8.count)"
      #expect(
        try Self.http(port, "POST /v1/firewall/rules HTTP/1.1\r\n\(head)\r\n\r\n\(body)").hasPrefix("HTTP/1.1 403 "))
      #expect(asked.withLock { $0 }.isEmpty)
      var request = FirewallRequest(action: "drop")
      request.sources = ["203.0.113.7"]
      request.time = 5
      // Larger than what a server holds at once.
      request.addresses = String(repeating: "203.0.113.7\n", count: 400_000)
      let reply = try client.send("POST", "/v1/firewall/rules", request, as: FirewallReply.self)
      #expect(reply.rules == [7])
      #expect(asked.withLock { $0 } == [request])
      #expect(try Self.curl(path, user: 0, group: 0, "PUT /v1/firewall/rules", body) == "405")
      #expect(try Self.curl(path, user: 0, group: 0, "POST /v1/firewall/rules?x=1", body) == "400")
      #expect(try Self.curl(path, user: 0, group: 0, "POST /v1/firewall/rules", "{}") == "400")
      #expect(try Self.curl(path, user: 0, group: 0, "POST /v1/firewall/rules", "[") == "400")
    }
    // Without a firewall there is a sentence.
    routes.firewall = nil
    try await withServer(routes) { (client, _, _) throws in
      let error = #expect(throws: ControlError.self) {
        try client.send("POST", "/v1/firewall/rules", FirewallRequest(action: "drop"), as: FirewallReply.self)
      }
      #expect(error?.status == 409)
      #expect(error?.message.contains("firewall is off") == true)
    }
  }

  private static func firewall(_ added: @escaping @Sendable (FirewallRequest) -> Void) -> FirewallRoutes {
    let count = FirewallReport.Count(packets: 0, bytes: 0)
    let report = FirewallReport(
      defaultAction: "pass", interfaces: [], rules: [], others: count, malformed: count, unreadable: count,
      otherProtocols: count, generation: 1, memory: 0, isAdopted: false, flows: nil)
    let reply = FirewallReply(rules: [7], sources: 1, generation: 2, time: 3)
    return FirewallRoutes(
      report: { report }, drops: { stream([], cancelled: {}) },
      add: { request, _ in
        added(request)
        return reply
      }, remove: { _, _ in reply }, set: { _, _ in reply })
  }

  /// The status that a program of Python's gets as another user; empty where it may not connect.
  private static func curl(
    _ path: String, user: Int, group: Int, _ request: String = "GET /v1/status", _ body: String = ""
  ) throws -> String {
    let program = """
      import os, socket
      os.setgroups([]); os.setgid(\(group)); os.setuid(\(user))
      s = socket.socket(socket.AF_UNIX)
      try: s.connect("\(path)")
      except PermissionError: raise SystemExit
      s.sendall(b"\(request) HTTP/1.1\\r\\nConnection: close\\r\\nContent-Length: \(body.utf8.count)\\r\\n\\r\\n" + b'''\(body)''')
      print(s.recv(99).split()[1].decode(), end="")
      """
    let process = Foundation.Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
    process.arguments = ["-c", program]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }

  /// Runs what waits on a thread of its own: the server's tasks need those that tests run on.
  private static func waiting<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
  {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  private static func http(_ port: UInt16, _ request: String) throws -> String {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    #expect(result == 0)
    _ = send(descriptor, request, request.utf8.count, 0)
    var reply: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(descriptor, &buffer, 4096), count > 0 { reply += buffer.prefix(count) }
    return String(decoding: reply, as: UTF8.self)
  }
}

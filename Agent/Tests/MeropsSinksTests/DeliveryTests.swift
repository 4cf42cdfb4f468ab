// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Synchronization
import TestServer
import Testing

@testable import MeropsSinks

private let host = HostFacts(name: "node-1", version: "1.0")

private var options: NetworkSinkOptions {
  var options = NetworkSinkOptions()
  options.batchEvents = 10
  options.firstRetry = 0.02
  options.longestRetry = 0.1
  return options
}

struct NetworkSinkTests {
  private func ids(_ requests: [TestServer.Request]) -> [String] {
    requests.flatMap { request in
      String(decoding: request.body, as: UTF8.self).split(separator: "\n").compactMap { line in
        line.firstRange(of: "\"id\":\"").map { String(line[$0.upperBound...].prefix(13)) }
      }
    }
  }

  /// It fails, is refused for good, and is gone for a while: what was not refused arrives, in order, with one report.
  @Test func aCollectorThatWasDownMissesNothing() throws {
    let batch = everyKind()
    let store = FakeStore(batch)
    var server = try TestServer(["503 Busy", "200 OK", "400 Bad", "200 OK"])
    let port = server.port
    let reports = Reports()
    var options = options
    options.report = reports.take
    let delivery = try HTTPDelivery(
      "http://127.0.0.1:\(port)/events?key=secret", headers: ["Authorization": "Bearer token"],
      .lines(JSONLineWriter()))
    server.stop()
    let sink = NetworkSink("hook", from: store.source, by: delivery, options)
    eventually { sink.status.failures >= 3 }
    #expect(sink.status.trouble?.contains("http://127.0.0.1:\(port)/events does not answer") == true)
    #expect(sink.status.trouble?.contains("secret") == false)
    #expect(sink.status.delivered == 0 && reports.all.count == 1)
    server = try TestServer(["503 Busy", "200 OK", "400 Bad", "200 OK"], port: port)
    eventually { store.isDone }
    eventually { sink.status.delivered + sink.status.rejected == UInt64(batch.count) }
    sink.close()
    let status = sink.status
    #expect(status.rejected == 10 && status.delivered == UInt64(batch.count) - 10 && status.trouble == nil)
    #expect(reports.all.count == 2 && reports.all[1].hasPrefix("The sink hook delivers again"))
    let requests = server.requests
    #expect(requests.allSatisfy { $0.line.hasPrefix("POST /events?key=secret ") })
    #expect(requests.allSatisfy { $0.headers["authorization"] == "Bearer token" })
    #expect(requests.allSatisfy { $0.headers["content-type"] == "application/x-ndjson" })
    // The first came twice.
    #expect(ids(requests) == batch.prefix(10).map(\.id.description) + batch.map(\.id.description))
    server.stop()
  }

  @Test func formsOfBodies() throws {
    let batch = everyKind()
    for (form, type) in [
      (HTTPDelivery.Form.array(ECSLineWriter(host: host)), "application/json"),
      (OTLPLogs(host: host).form, "application/json"),
      (.lines(ClickHouseRows(host: host)), "application/x-ndjson"),
    ] {
      let server = try TestServer(["200 OK\n{\"partialSuccess\":{\"rejectedLogRecords\":\"2\"}}"])
      let delivery = try HTTPDelivery("http://127.0.0.1:\(server.port)/v1/logs", form)
      _ = try delivery.deliver(batch)
      let request = try #require(server.requests.first)
      #expect(request.headers["content-type"] == type)
      if type == "application/json" {
        let whole = try JSONSerialization.jsonObject(with: Data(request.body))
        if let array = whole as? [Any] { #expect(array.count == batch.count) } else { #expect(whole is [String: Any]) }
      }
      server.stop()
    }
  }

  @Test func whatIsNoURLIsAnError() {
    for url in ["", "ftp://host/", "not a url", "http://"] {
      #expect(throws: DeliveryError.self) { try HTTPDelivery(url, .lines(JSONLineWriter())) }
    }
  }

  /// The sink ends while the collector keeps it waiting.
  @Test func closingDoesNotWaitForTheOtherSide() throws {
    let (descriptor, port) = try TestServer.listen(0)
    defer { close(descriptor) }
    let store = FakeStore(everyKind())
    let delivery = try HTTPDelivery("http://127.0.0.1:\(port)/", seconds: 600, .lines(JSONLineWriter()))
    let sink = NetworkSink("slow", from: store.source, by: delivery, options)
    eventually { sink.status.waitingEvents == 10 }
    sink.close()
    #expect(sink.status.delivered == 0 && !store.isDone)
  }
}

struct SyslogTests {
  private static let pattern = #"^<110>1 2026-09-21T\d\d:\d\d:\d\d\.\d{6}Z node-1 merops \d+ [a-z._]+ - \{.*\}$"#

  private func check(_ messages: [String], _ batch: EventBatch) throws {
    let expression = try NSRegularExpression(pattern: Self.pattern, options: .dotMatchesLineSeparators)
    #expect(messages.count == batch.count)
    for (message, event) in zip(messages, batch) {
      #expect(
        expression.firstMatch(in: message, range: NSRange(message.startIndex..., in: message)) != nil, "\(message)")
      #expect(message.contains(" \(event.kind.name) - {") && message.contains(event.id.description))
    }
  }

  @Test func byUDP() throws {
    let (descriptor, port) = try TestServer.listen(0, SOCK_DGRAM)
    defer { close(descriptor) }
    let batch = everyKind()
    #expect(try SyslogDelivery(.udp(host: "127.0.0.1", port: port), host: host).deliver(batch) == 0)
    try check(datagrams(descriptor, batch.count), batch)
  }

  @Test func byUnixSocket() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "merops-\(UUID().uuidString).sock").path
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    #expect(result == 0)
    defer {
      close(descriptor)
      unlink(path)
    }
    let batch = everyKind()
    let messages = Mutex<[String]>([])
    let reader = Thread {
      let read = datagrams(descriptor, batch.count)
      messages.withLock { $0 = read }
    }
    reader.start()
    #expect(try SyslogDelivery(.unix(path), host: host).deliver(batch) == 0)
    eventually { messages.withLock { $0.count } == batch.count }
    try check(messages.withLock { $0 }, batch)
  }

  /// Octet counting, over a connection that breaks in between.
  @Test func byTCP() throws {
    let (descriptor, port) = try TestServer.listen(0)
    let batch = everyKind()
    let delivery = SyslogDelivery(.tcp(host: "localhost", port: port), host: host)
    for _ in 0..<2 {
      let text = Mutex("")
      #expect(try delivery.deliver(batch) == 0)
      let client = accept(descriptor, nil, nil)
      var frames: [String] = []
      var bytes: [UInt8] = []
      var space = [UInt8](repeating: 0, count: 4_096)
      while frames.count < batch.count {
        let count = recv(client, &space, space.count, 0)
        guard count > 0 else { break }
        bytes += space[..<count]
        while let blank = bytes.firstIndex(of: 0x20),
          let length = Int(String(decoding: bytes[..<blank], as: UTF8.self)),
          bytes.count > blank + length
        {
          frames.append(String(decoding: bytes[(blank + 1)...(blank + length)], as: UTF8.self))
          bytes.removeFirst(blank + 1 + length)
        }
      }
      _ = text
      try check(frames, batch)
      close(client)
    }
    close(descriptor)
    #expect(throws: DeliveryError.self) {
      for _ in 0..<3 { _ = try delivery.deliver(batch) }
    }
  }

  @Test func nobodyListens() {
    #expect(throws: DeliveryError.self) {
      try SyslogDelivery(.unix("/nowhere/at/all"), host: host).deliver(everyKind())
    }
  }
}

private func datagrams(_ descriptor: Int32, _ count: Int) -> [String] {
  var space = [UInt8](repeating: 0, count: 65_536)
  return (0..<count).map { _ in
    let size = recv(descriptor, &space, space.count, 0)
    return String(decoding: space.prefix(max(0, size)), as: UTF8.self)
  }
}

struct StreamSinkTests {
  private func folder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "merops-sink-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }

  @Test func filesAreRotated() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "events.json").path
    let batch = everyKind()
    let sink = StreamSink("file", to: RotatedFile(path, maximumBytes: 30_000, kept: 2))
    for _ in 0..<20 { sink.append(batch) }
    sink.close()
    #expect(sink.status.delivered == UInt64(20 * batch.count) && sink.status.dropped == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["events.json", "events.json.1", "events.json.2"])
    for name in names {
      let file = folder.appending(path: name)
      #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.hasSuffix("}\n") && text.utf8.count < 120_000)
      #expect(text.split(separator: "\n").allSatisfy { $0.hasPrefix("{\"time\":") })
    }
  }

  @Test func aFileThatWasMovedIsOpenedAnew() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "events.json").path
    let batch = everyKind()
    let sink = StreamSink("file", to: RotatedFile(path))
    sink.append(batch)
    eventually { sink.status.delivered == UInt64(batch.count) }
    try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
    sink.reopen()
    sink.append(batch)
    sink.close()
    for name in [path, path + ".moved"] {
      #expect(try String(contentsOfFile: name, encoding: .utf8).split(separator: "\n").count == batch.count)
    }
  }

  /// A pipe that nobody empties, and then one that nobody reads any more.
  @Test func aSlowReaderLosesItsEventsAndSlowsDownNobody() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let batch = everyKind()
    let left = Mutex(false)
    var options = StreamSinkOptions()
    options.queueBytes = batch.size * 3
    options.readerLeft = { left.withLock { $0 = true } }
    let sink = StreamSink("stdout", to: DescriptorOutput(ends[1]), options)
    for _ in 0..<1_000 { sink.append(batch) }
    let status = sink.status
    #expect(status.dropped > 0 && status.waitingBytes <= options.queueBytes)
    close(ends[0])
    eventually { left.withLock { $0 } }
    sink.close()
    let end = sink.status
    #expect(end.delivered + end.dropped == UInt64(1_000 * batch.count) && end.waitingEvents == 0)
    close(ends[1])
  }

  @Test func aFileThatCannotBeOpenedIsReportedOnce() throws {
    let reports = Reports()
    var options = StreamSinkOptions()
    options.report = reports.take
    let sink = StreamSink("file", to: RotatedFile("/nowhere/at/all.json"), options)
    let batch = everyKind()
    for _ in 0..<5 { sink.append(batch) }
    sink.close()
    #expect(reports.all.count == 1 && reports.all[0].contains("/nowhere/at/all.json cannot be opened"))
    #expect(sink.status.dropped == UInt64(5 * batch.count) && sink.status.trouble != nil)
  }

  /// A full disk leaves no half line.
  @Test(.enabled(if: getuid() == 0, "needs root, to mount a small file system")) func aFullDisk() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(mount("merops-test", folder.path, "tmpfs", 0, "size=100k") == 0)
    defer { umount2(folder.path, Int32(MNT_DETACH)) }
    let path = folder.appending(path: "events.json").path
    let batch = everyKind()
    let sink = StreamSink("file", to: RotatedFile(path))
    for _ in 0..<20 { sink.append(batch) }
    eventually { sink.status.waitingEvents == 0 }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(sink.status.dropped > 0 && sink.status.delivered > 0)
    #expect(text.hasSuffix("}\n"))
    #expect(text.split(separator: "\n").count == Int(sink.status.delivered))
    sink.close()
  }
}

// SPDX-License-Identifier: Apache-2.0

import FlyingFox
import Foundation
import MeropsControl

// Policies. Whoever may use the socket may read them; root alone changes them, and over the socket alone.
extension ControlHandler {
  /// What can be done at a path; nil where it is not about policies.
  static func policyMethods(at path: String) -> [HTTPMethod]? {
    guard path == "/v1/policies" || path.hasPrefix("/v1/policies/") else { return nil }
    return switch path.dropFirst("/v1/policies".count).split(separator: "/") {
    case []: [.GET, .POST]
    case ["history"]: [.GET]
    case ["rollback"], ["confirm"], ["promote"], ["verify"]: [.POST]
    case let parts where parts.count == 2 && parts[0] == "versions": [.GET]
    default: [.DELETE]
    }
  }

  var policies: PolicyRoutes {
    get throws(ControlError) {
      if let policies = routes.policies { return policies }
      throw .notFound("This agent enforces no policies: write `policies:` and below it `enforce: true` into its file.")
    }
  }

  func answer(_ request: HTTPRequest, _ policies: PolicyRoutes, _ body: RequestBody) async throws -> HTTPResponse {
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3).map(String.init)
    switch (request.method, parts) {
    case (.GET, []):
      try expect([], request)
      return try Self.json(policies.report())
    case (.GET, ["history"]):
      try expect([], request)
      return try Self.json(policies.history())
    case (.GET, _) where parts.count == 2 && parts[0] == "versions":
      try expect([], request)
      guard let number = UInt64(parts[1]) else { throw ControlError.badRequest("'\(parts[1])' is not a version.") }
      return try Self.json(policies.version(number))
    case (.POST, ["confirm"]):
      let author = try author(of: request)
      try expect([], request)
      return try Self.json(policies.confirm(author))
    case (.POST, ["verify"]):
      // Programs are loaded for it.
      _ = try author(of: request)
      try expect([], request)
      let question: PolicyQuestion = try Self.decoded(try await bytes(of: body))
      return try Self.json(policies.verify(question))
    case (.POST, []):
      let author = try author(of: request)
      try expect(["file", "mode", "cgroup", "percent", "confirm_within"], request)
      var file = PolicyVersion.File(name: try fileName(request), text: "")
      let mode = Self.value("mode", request)
      guard ["enforce", "audit", "canary", nil].contains(mode) else {
        throw ControlError.badRequest("`mode` has to be enforce, audit or canary.")
      }
      if mode != "enforce" { file.mode = mode }
      file.canary = try canary(request, isWanted: mode == "canary")
      let within = Self.value("confirm_within", request)
      let time = within.flatMap { TimePoint.duration($0) }
      guard within == nil || time.map({ Self.confirmTimes.contains($0) }) == true else {
        throw ControlError.badRequest("`confirm_within` has to be a time from 1s to 24h, such as 60s.")
      }
      try await read(request, body, into: &file)
      return try Self.json(policies.apply(PolicyApplication(file, confirmWithin: time), author))
    case (.POST, ["promote"]):
      let author = try author(of: request)
      try expect(["file"], request)
      return try Self.json(policies.promote(try fileName(request), author))
    case (.POST, ["rollback"]):
      let author = try author(of: request)
      try expect(["version"], request)
      let written = Self.value("version", request)
      let version = written.flatMap { UInt64($0) }
      guard written == nil || version != nil else { throw ControlError.badRequest("`version` has to be a number.") }
      return try Self.json(policies.rollBack(version, author))
    case (.DELETE, _) where parts.count == 1:
      let author = try author(of: request)
      try expect([], request)
      return try Self.json(policies.delete(parts[0].removingPercentEncoding ?? parts[0], author))
    default:
      throw ControlError.notFound("There is nothing at \(request.path). /v1/openapi.json says what there is.")
    }
  }

  private static let confirmTimes: ClosedRange<UInt64> = 1_000_000_000...86_400_000_000_000
  /// A policy may have a megabyte, and several lists: what is more is not kept.
  private static let maximumText = 64 << 20

  private static func value(_ name: String, _ request: HTTPRequest) -> String? {
    request.query.first { $0.name == name }?.value
  }

  private func fileName(_ request: HTTPRequest) throws(ControlError) -> String {
    guard let file = Self.value("file", request), Self.isFileName(file) else {
      throw .badRequest("`file` has to be the name of a file, such as `file=web.yaml`.")
    }
    return file
  }

  /// The part of the processes that a file is tried on.
  private func canary(_ request: HTTPRequest, isWanted: Bool) throws(ControlError) -> PolicyCanary? {
    switch (isWanted, Self.value("cgroup", request), Self.value("percent", request)) {
    case (false, nil, nil): return nil
    case (true, let path?, nil) where path.hasPrefix("/") && path.count > 1: return PolicyCanary(cgroup: path)
    case (true, nil, let text?):
      if let percent = Int(text), (1...99).contains(percent) { return PolicyCanary(percent: percent) }
      throw .badRequest("`percent` has to be a number from 1 to 99.")
    default:
      throw .badRequest(
        "`mode=canary` needs either `cgroup`, a path below the root of cgroup v2, or `percent`; other modes have neither."
      )
    }
  }

  private func bytes(of body: RequestBody) async throws -> Data {
    try await body.data(
      atMost: Self.maximumText, "The policies and their lists are longer than \(Self.maximumText >> 20) MB.")
  }

  /// The text as it is, or with its lists as JSON.
  private func read(
    _ request: HTTPRequest, _ body: RequestBody, into file: inout PolicyVersion.File
  ) async throws {
    let bytes = try await bytes(of: body)
    if request.headers[.contentType]?.hasPrefix("application/json") == true {
      let upload: PolicyUpload = try Self.decoded(bytes)
      (file.text, file.lists) = (upload.text, upload.lists)
    } else {
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ControlError.badRequest("The policies are not text in UTF-8.")
      }
      file.text = text
    }
  }

  private func expect(_ names: [String], _ request: HTTPRequest) throws(ControlError) {
    for item in request.query where !names.contains(item.name) {
      throw .badRequest("`\(item.name)` is no parameter of \(request.path).")
    }
  }

  /// Who asks for a change.
  private func author(of request: HTTPRequest) throws(ControlError) -> String {
    guard case .unix(let name)? = request.remoteAddress, let peer = Peer(name: name.dropFirst(names.count + 1)) else {
      throw ControlError(status: 403, message: "Policies are changed over the agent's socket, and not over TCP.")
    }
    guard peer.user == 0 else {
      throw ControlError(
        status: 403, message: "Only root may change policies, and you are user \(peer.user): use sudo.")
    }
    return "uid \(peer.user), pid \(peer.pid)" + (Self.login(of: peer.pid).map { ", login \($0)" } ?? "")
  }

  /// The user who logged in, by the audit session that a process is in; nil outside one.
  private static func login(of pid: Int32) -> String? {
    let path = "/proc/\(pid)/loginuid"
    guard let bytes = FileManager.default.contents(atPath: path),
      let user = UInt32(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber }), user != .max
    else { return nil }
    return getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
  }

  static func isFileName(_ name: String) -> Bool {
    (1...255).contains(name.utf8.count) && !name.contains("/") && name != "." && name != ".."
      && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
  }
}

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
    case ["rollback"], ["confirm"]: [.POST]
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
    case (.POST, []):
      let author = try author(of: request)
      try expect(["file", "mode", "confirm_within"], request)
      guard let file = request.query.first(where: { $0.name == "file" })?.value, Self.isFileName(file) else {
        throw ControlError.badRequest("`file` has to be the name of a file, such as `file=web.yaml`.")
      }
      let mode = request.query.first { $0.name == "mode" }?.value
      guard mode == nil || mode == "audit" || mode == "enforce" else {
        throw ControlError.badRequest("`mode` has to be enforce or audit.")
      }
      let within = request.query.first { $0.name == "confirm_within" }?.value
      let time = within.flatMap { TimePoint.duration($0) }
      guard within == nil || time.map({ Self.confirmTimes.contains($0) }) == true else {
        throw ControlError.badRequest("`confirm_within` has to be a time from 1s to 24h, such as 60s.")
      }
      let text = try await policyText(body)
      return try Self.json(
        policies.apply(
          PolicyApplication(file: file, text: text, isAudit: mode == "audit", confirmWithin: time), author))
    case (.POST, ["rollback"]):
      let author = try author(of: request)
      try expect(["version"], request)
      let written = request.query.first { $0.name == "version" }?.value
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
  /// A policy may have a megabyte: what is more is not kept.
  private static let maximumText = 4 << 20

  private func policyText(_ body: RequestBody) async throws -> String {
    let bytes = try await body.data(
      atMost: Self.maximumText, "The policies are longer than \(Self.maximumText >> 20) MB.")
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ControlError.badRequest("The policies are not text in UTF-8.")
    }
    return text
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

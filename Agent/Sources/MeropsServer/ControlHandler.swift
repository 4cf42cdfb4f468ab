// SPDX-License-Identifier: Apache-2.0

import FlyingFox
import Foundation
import MeropsControl
import MeropsModel

/// Answers requests.
struct ControlHandler: HTTPHandler {
  let routes: ControlRoutes
  /// What a request over TCP has to show; nil where there is no TCP.
  let token: String?
  /// The folder of the names of connections over the socket.
  let names: String

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    let body = RequestBody(request)
    let response = try await answer(request, body)
    await body.discard()
    return response
  }

  private func answer(_ request: HTTPRequest, _ body: RequestBody) async throws -> HTTPResponse {
    do {
      let peer = try allow(request)
      if let change = Change(rawValue: request.path) {
        guard change.methods.contains(request.method) else {
          let names = change.methods.map(\.rawValue)
          return Self.failure(
            ControlError(
              status: 405, message: "Only \(names.joined(separator: " and ")) is answered at \(request.path)."),
            allowed: names.joined(separator: ", "), isEmpty: request.method == .HEAD)
        }
        if request.method != .GET { return try await self.change(request, peer, body) }
      }
      if let methods = Self.policyMethods(at: request.path) {
        guard methods.contains(request.method) else {
          let message = "\(request.method.rawValue) is not answered at \(request.path)."
          return Self.failure(
            ControlError(status: 405, message: message), allowed: methods.map(\.rawValue).joined(separator: ", "),
            isEmpty: request.method == .HEAD)
        }
        return try await answer(request, try policies, body)
      }
      guard request.method == .GET else {
        let path = request.method == .HEAD ? "" : "Only GET is answered at \(request.path)."
        return Self.failure(ControlError(status: 405, message: path), isEmpty: path.isEmpty)
      }
      return try await answer(request)
    } catch let error as ControlError {
      return Self.failure(error, isEmpty: request.method == .HEAD)
    }
  }

  /// - Returns: who asks; nil for whoever has the token.
  private func allow(_ request: HTTPRequest) throws(ControlError) -> Peer? {
    switch request.remoteAddress {
    case .unix(let name)?:
      guard name.hasPrefix(names + "/"), let peer = Peer(name: name.dropFirst(names.count + 1)) else {
        throw ControlError(status: 403, message: "The connection did not come through the agent's socket.")
      }
      return peer
    case .ip4?, .ip6?:
      guard let token, let given = request.headers[.authorization], given.hasPrefix("Bearer "),
        Token.isEqual(String(given.dropFirst(7)), token)
      else {
        throw ControlError(
          status: 401, message: "Send the agent's token: `Authorization: Bearer TOKEN`. It is in the file `token_file`."
        )
      }
      return nil
    case nil: throw ControlError(status: 403, message: "It is not known who asks.")
    }
  }

  private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
    let items = request.query.map { (name: $0.name, value: $0.value) }
    let now = UInt64(max(Date().timeIntervalSince1970, 0) * 1_000_000_000)
    let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
    switch parts {
    case ["v1", "status"]:
      _ = try EventRequest(items, now: now, allowed: [])
      return try Self.json(routes.status())
    case ["v1", "events"]:
      let wanted = try EventRequest(items, now: now)
      return Self.stream(try routes.events(wanted), wanted.format.contentType)
    case ["v1", "events", "stream"]:
      let wanted = try EventRequest(items, now: now, allowed: [.kinds, .pid, .where, .format])
      let stream = try routes.stream(wanted)
      if wanted.format == .packed { return Self.stream(stream, wanted.format.contentType) }
      return Self.stream(stream.asServerSentEvents, "text/event-stream")
    case ["v1", "processes"]:
      let wanted = try EventRequest(items, now: now, allowed: [.pid, .where, .limit, .format])
      return HTTPResponse(
        statusCode: .ok, headers: [.contentType: wanted.format.contentType], body: Data(try routes.processes(wanted)))
    case ["v1", "top"]:
      var rest = items
      let subject = try Self.choice("by", &rest) ?? Tally.Subject.process
      let order = try Self.choice("sort", &rest) ?? Tally.Order.acts
      let wanted = try EventRequest(rest, now: now, allowed: [.since, .until, .kinds, .pid, .where, .limit])
      return try Self.json(try routes.top(wanted, subject, order))
    case ["v1", "firewall"]:
      _ = try EventRequest(items, now: now, allowed: [])
      return try Self.json(firewall.report())
    case ["v1", "firewall", "drops"]:
      _ = try EventRequest(items, now: now, allowed: [])
      return Self.stream(try firewall.drops(), "application/x-ndjson")
    case ["v1", "openapi.json"]:
      return HTTPResponse(statusCode: .ok, headers: [.contentType: "application/json"], body: Data(OpenAPI.text.utf8))
    case ["metrics"]:
      return HTTPResponse(
        statusCode: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: Data(routes.metrics().utf8))
    case _ where parts.count == 3 && parts.starts(with: ["v1", "events"]):
      let wanted = try EventRequest(items, now: now, allowed: [.format])
      let name = parts[2]
      guard let id = EventID(name.removingPercentEncoding ?? name) else {
        throw ControlError.badRequest("'\(name)' is not an event's id: it has 13 digits and letters.")
      }
      guard let bytes = try routes.event(id, wanted.format) else {
        throw ControlError.notFound("There is no event \(id) here. It may be older than what the store keeps.")
      }
      let type = wanted.format == .packed ? wanted.format.contentType : "application/json"
      return HTTPResponse(statusCode: .ok, headers: [.contentType: type], body: Data(bytes))
    default:
      throw ControlError.notFound("There is nothing at \(request.path). /v1/openapi.json says what there is.")
    }
  }

  /// Takes a parameter that is one of some words out of the others.
  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ items: inout [(name: String, value: String)]
  ) throws(ControlError) -> Choice? {
    guard let index = items.firstIndex(where: { $0.name == name }) else { return nil }
    let value = items.remove(at: index).value
    if let choice = Choice(rawValue: value) { return choice }
    let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw .badRequest("`\(name)` has to be one of \(known), not '\(value)'.")
  }

  private static func stream(_ stream: ByteStream, _ type: String) -> HTTPResponse {
    HTTPResponse(
      statusCode: .ok, headers: [.contentType: type, .cacheControl: "no-store"],
      body: HTTPBodySequence(from: StreamBody(stream), suggestedBufferSize: 64 << 10))
  }

  static func json(_ value: some Encodable) throws -> HTTPResponse {
    HTTPResponse(statusCode: .ok, headers: [.contentType: "application/json"], body: try encoded(value))
  }

  private static func failure(
    _ error: ControlError, allowed: String = "GET", isEmpty: Bool = false
  ) -> HTTPResponse {
    let body = isEmpty ? nil : try? encoded(error)
    var headers: HTTPHeaders = [.contentType: "application/json"]
    if error.status == 405 { headers[HTTPHeader("Allow")] = allowed }
    if error.status == 401 { headers[HTTPHeader("WWW-Authenticate")] = "Bearer" }
    let phrases = [
      400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
      409: "Conflict", 413: "Content Too Large",
    ]
    return HTTPResponse(
      statusCode: HTTPStatusCode(error.status, phrase: phrases[error.status] ?? "Error"), headers: headers,
      body: body ?? Data())
  }

  private static func encoded(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }
}

// SPDX-License-Identifier: Apache-2.0

import FlyingFox
import Foundation
import MeropsControl

// Requests that change something: over the unix socket, by root.
extension ControlHandler {
  /// Where something can be changed, and the methods that are answered there.
  enum Change: String {
    case settings = "/v1/firewall"
    case rules = "/v1/firewall/rules"
    case removals = "/v1/firewall/removals"

    var methods: [HTTPMethod] { self == .settings ? [.GET, .PATCH] : [.POST] }
  }

  /// A list of a few million addresses.
  private static let maximumBody = 256 << 20

  var firewall: FirewallRoutes {
    get throws(ControlError) {
      if let firewall = routes.firewall { return firewall }
      throw ControlError(
        status: 409,
        message: routes.firewallAlarm
          ?? "The agent's firewall is off: write `firewall: {enabled: true}` into its settings (/etc/merops/merops.yaml), and "
          + "start it again.")
    }
  }

  func change(_ request: HTTPRequest, _ peer: Peer?, _ body: RequestBody) async throws -> HTTPResponse {
    guard let peer, peer.user == 0 else {
      throw ControlError(
        status: 403, message: "Only root may change the firewall, and only through the agent's socket: use sudo.")
    }
    if let name = request.query.first?.name {
      throw ControlError.badRequest("There is no parameter `\(name)` here: what is wanted stands in the body.")
    }
    let firewall = try firewall
    let body = try await body.data(
      atMost: Self.maximumBody, "The request is larger than \(Self.maximumBody >> 20) MB: import parts of the list.")
    switch Change(rawValue: request.path) {
    case .settings?: return try Self.json(firewall.set(try Self.decoded(body), peer))
    case .rules?: return try Self.json(firewall.add(try Self.decoded(body), peer))
    case .removals?: return try Self.json(firewall.remove(try Self.decoded(body), peer))
    case nil: throw ControlError.notFound("There is nothing at \(request.path).")
    }
  }

  static func decoded<Value: Decodable>(_ body: Data, as type: Value.Type = Value.self) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(type, from: body) } catch {
      throw ControlError.badRequest("The body is not what /v1/openapi.json says: \(Self.reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      context.codingPath.isEmpty ? "" : " at `\(context.codingPath.map(\.stringValue).joined(separator: "."))`"
    }
    switch error {
    case DecodingError.keyNotFound(let key, _): return "`\(key.stringValue)` is missing."
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      return "it has a value of another type\(place(context))."
    case DecodingError.dataCorrupted(let context): return "it is no JSON, or has a wrong value\(place(context))."
    default: return "it cannot be read."
    }
  }
}

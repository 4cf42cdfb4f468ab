// SPDX-License-Identifier: Apache-2.0

/// What a request is answered with where it fails.
public struct ControlError: Error, Hashable, Sendable, Codable {
  /// The status code of HTTP.
  public var status: Int
  /// A sentence, over several lines where it shows a place in a text.
  public var message: String

  public init(status: Int, message: String) { (self.status, self.message) = (status, message) }

  public static func badRequest(_ message: String) -> Self { Self(status: 400, message: message) }
  public static func notFound(_ message: String) -> Self { Self(status: 404, message: message) }
}

extension ControlError: CustomStringConvertible {
  public var description: String { message }
}

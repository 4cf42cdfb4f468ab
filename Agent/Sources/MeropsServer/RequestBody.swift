// SPDX-License-Identifier: Apache-2.0

import FlyingFox
import Foundation
import MeropsControl

/// The body of a request, which is read once.
final class RequestBody {
  private var pieces: HTTPBodySequence.Iterator
  private var hasEnded = false

  /// The most that is read of what nobody wants.
  private static let patience = 256 << 20

  init(_ request: HTTPRequest) { pieces = request.bodySequence.makeAsyncIterator() }

  /// All of it.
  ///
  /// - Parameter refusal: what the client is told about more bytes than that.
  func data(atMost limit: Int, _ refusal: String) async throws -> Data {
    var data = Data()
    while let piece = try await next() {
      guard data.count + piece.count <= limit else { throw ControlError(status: 413, message: refusal) }
      data += piece
    }
    return data
  }

  /// Reads what is left of it: a connection that is closed while bytes wait breaks before its answer is read.
  func discard() async {
    var count = 0
    while count < Self.patience, let piece = try? await next() { count += piece.count }
  }

  private func next() async throws -> Data? {
    if hasEnded { return nil }
    do {
      let piece = try await pieces.next()
      hasEnded = piece == nil
      return piece
    } catch {
      hasEnded = true
      throw error
    }
  }
}

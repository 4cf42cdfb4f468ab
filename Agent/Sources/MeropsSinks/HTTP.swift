// SPDX-License-Identifier: Apache-2.0

import CHTTP
import Foundation
public import MeropsModel

/// Sends batches as the bodies of POST requests. An answer of 2xx takes them; 3xx, 408, 429 and 5xx are tried again; any other
/// refuses them for good, so that one event that a collector cannot read does not hold up those behind it.
public final class HTTPDelivery: Delivery {
  /// What differs between collectors.
  public struct Form {
    /// Writes a body.
    public var body: (EventBatch) -> [UInt8]
    /// How many of the events an answer of 2xx refuses.
    public var rejected: (_ answer: [UInt8]) -> Int = { _ in 0 }
    public var contentType: String

    public init(contentType: String, body: @escaping (EventBatch) -> [UInt8]) {
      (self.contentType, self.body) = (contentType, body)
    }
  }

  private let url: URL
  private let form: Form
  private let headers: [String]
  private let seconds: Double
  private let client: OpaquePointer
  /// What is kept of an answer.
  private static let answerBytes = 1 << 20

  /// - Parameters:
  ///   - headers: Such as `Authorization`.
  ///   - seconds: How long an answer may take.
  /// - Throws: ``DeliveryError`` if the text is not an `http` or `https` URL, or libcurl is not installed.
  public init(_ url: String, headers: [String: String] = [:], seconds: Double = 10, _ form: Form) throws(DeliveryError)
  {
    guard let parsed = URL(string: url), let scheme = parsed.scheme, ["http", "https"].contains(scheme),
      parsed.host()?.isEmpty == false
    else {
      throw DeliveryError(
        "\"\(url)\" is not the URL of a collector: it has to begin with http:// or https:// and a host.")
    }
    let lines = (headers.map { "\($0.key): \($0.value)" } + ["Content-Type: \(form.contentType)"])
    guard !lines.contains(where: { $0.contains { $0.isNewline || $0 == "\0" } }) else {
      throw DeliveryError("A header for \(Self.place(parsed)) has a line break.")
    }
    var reason = [CChar](repeating: 0, count: 256)
    guard let client = http_open(&reason, reason.count) else {
      throw DeliveryError("No collector can be reached: \(Self.text(reason)).")
    }
    (self.url, self.form, self.headers, self.seconds, self.client) = (parsed, form, lines, seconds, client)
  }

  deinit { http_close(client) }

  public func cancel() { http_cancel(client) }

  public func deliver(_ batch: EventBatch) throws(DeliveryError) -> Int {
    let body = form.body(batch)
    var reason = [CChar](repeating: 0, count: 256)
    var length = 0
    var code = 0
    let answer = [UInt8](unsafeUninitializedCapacity: Self.answerBytes) { kept, count in
      let lines = headers.map { strdup($0) }
      defer { for line in lines { free(line) } }
      var pointers = lines.map { UnsafePointer($0) } + [nil]
      code = http_post(
        client, url.absoluteString, &pointers, body, body.count, Int(seconds * 1000), kept.baseAddress, kept.count,
        &length, &reason, reason.count)
      count = length
    }
    let place = Self.place(url)
    switch code {
    case 0: throw DeliveryError("\(place) does not answer (\(Self.text(reason))).")
    case 200..<300: return min(form.rejected(answer), batch.count)
    case 300..<400: throw DeliveryError("\(place) answers \(code): name the place that it sends to.")
    case 408, 429, 500...: throw DeliveryError("\(place) answers \(code).")
    default: return batch.count
    }
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The URL without what may be secret in it.
  private static func place(_ url: URL) -> String {
    let port = url.port.map { ":\($0)" } ?? ""
    return "\(url.scheme ?? "http")://\(url.host() ?? "")\(port)\(url.path)"
  }
}

extension HTTPDelivery.Form {
  /// One event a line, in any format.
  public static func lines(_ format: any EventFormat, contentType: String = "application/x-ndjson") -> Self {
    var format = format
    return Self(contentType: contentType) { batch in
      var body: [UInt8] = []
      for event in batch { format.append(event, to: &body) }
      return body
    }
  }

  /// One JSON array of events, in any format that writes JSON.
  public static func array(_ format: any EventFormat) -> Self {
    var format = format
    return Self(contentType: "application/json") { batch in
      var body: [UInt8] = [UInt8(ascii: "[")]
      for event in batch {
        if body.count > 1 { body.append(UInt8(ascii: ",")) }
        format.append(event, to: &body)
        // The line feed.
        body.removeLast()
      }
      body.append(UInt8(ascii: "]"))
      return body
    }
  }
}

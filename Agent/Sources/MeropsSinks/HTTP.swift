// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
public import MeropsModel
import Synchronization

/// Sends batches as the bodies of POST requests. An answer of 2xx takes them; 408, 429 and 5xx are tried again; any other
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

  private let request: URLRequest
  private let form: Form
  private let session: URLSession
  private let task = Mutex<URLSessionTask?>(nil)

  /// - Parameters:
  ///   - headers: Such as `Authorization`.
  ///   - seconds: How long an answer may take.
  /// - Throws: ``DeliveryError`` if the text is not an `http` or `https` URL.
  public init(_ url: String, headers: [String: String] = [:], seconds: Double = 10, _ form: Form) throws(DeliveryError)
  {
    guard let parsed = URL(string: url), let scheme = parsed.scheme, ["http", "https"].contains(scheme),
      parsed.host()?.isEmpty == false
    else {
      throw DeliveryError(
        "\"\(url)\" is not the URL of a collector: it has to begin with http:// or https:// and a host.")
    }
    var request = URLRequest(url: parsed, timeoutInterval: seconds)
    request.httpMethod = "POST"
    request.setValue(form.contentType, forHTTPHeaderField: "Content-Type")
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    self.request = request
    self.form = form
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = seconds
    configuration.timeoutIntervalForResource = seconds
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    session = URLSession(configuration: configuration)
  }

  deinit { session.invalidateAndCancel() }

  public func cancel() { task.withLock { $0?.cancel() } }

  public func deliver(_ batch: EventBatch) throws(DeliveryError) -> Int {
    var request = request
    request.httpBody = Data(form.body(batch))
    let done = DispatchSemaphore(value: 0)
    let answer = Mutex<(data: Data?, response: URLResponse?, error: (any Error)?)>((nil, nil, nil))
    let running = session.dataTask(with: request) { data, response, error in
      answer.withLock { $0 = (data, response, error) }
      done.signal()
    }
    task.withLock { $0 = running }
    running.resume()
    done.wait()
    task.withLock { $0 = nil }
    let (data, response, error) = answer.withLock { $0 }
    let place = Self.place(request.url)
    if let error {
      throw DeliveryError("\(place) does not answer (\(error.localizedDescription)).")
    }
    guard let code = (response as? HTTPURLResponse)?.statusCode else {
      throw DeliveryError("\(place) does not speak HTTP.")
    }
    switch code {
    case 200..<300: return min(form.rejected(Array(data ?? Data())), batch.count)
    case 408, 429, 500...: throw DeliveryError("\(place) answers \(code).")
    default: return batch.count
    }
  }

  /// The URL without what may be secret in it.
  private static func place(_ url: URL?) -> String {
    guard let url else { return "The collector" }
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

// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel

/// OpenTelemetry's log records over HTTP, in its JSON encoding (OTLP 1.x): an event's fields are attributes by the names
/// that they have everywhere in Merops, which are OpenTelemetry's where it has one.
public struct OTLPLogs: Sendable {
  private let host: HostFacts

  public init(host: HostFacts) { self.host = host }

  /// For the collector's URL, which ends in `/v1/logs`.
  public var form: HTTPDelivery.Form {
    var form = HTTPDelivery.Form(contentType: "application/json") { [self] batch in body(batch) }
    form.rejected = { answer in
      struct Answer: Decodable {
        struct Partial: Decodable { var rejectedLogRecords: Number? }
        var partialSuccess: Partial?
      }
      // A 64-bit number is text in protocol buffers' JSON.
      struct Number: Decodable {
        var value = 0
        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          value = try (try? container.decode(Int.self)) ?? Int(container.decode(String.self)) ?? 0
        }
      }
      let parsed = try? JSONDecoder().decode(Answer.self, from: Data(answer))
      return max(0, parsed?.partialSuccess?.rejectedLogRecords?.value ?? 0)
    }
    return form
  }

  func body(_ batch: EventBatch) -> [UInt8] {
    var body: [UInt8] = []
    body.open()
    body.open("resourceLogs", "[")
    body.open()
    body.open("resource")
    body.open("attributes", "[")
    for (name, value) in [
      ("service.name", "merops"), ("service.version", host.version), ("host.name", host.name), ("os.type", "linux"),
    ] {
      body.open()
      body.member("key", name)
      body.open("value")
      body.member("stringValue", value)
      body.close()
      body.close()
    }
    body.close("]")
    body.close()
    body.open("scopeLogs", "[")
    body.open()
    body.open("scope")
    body.member("name", "merops")
    body.member("version", host.version)
    body.close()
    body.open("logRecords", "[")
    for event in batch { Self.append(event, &body) }
    body.close("]")
    body.close()
    body.close("]")
    body.close()
    body.close("]")
    body.close()
    return body
  }

  private static func append(_ event: Event, _ body: inout [UInt8]) {
    body.open()
    body.member("timeUnixNano", "\(event.time)")
    body.member("observedTimeUnixNano", "\((event.id.rawValue >> 12) * 1000)")
    body.member("severityNumber", 9)
    body.member("severityText", "INFO")
    body.member("eventName", event.kind.name)
    body.open("body")
    body.member("stringValue", event.kind.name)
    body.close()
    body.open("attributes", "[")
    body.open()
    body.member("key", "event.id")
    body.open("value")
    body.member("stringValue", event.id.description)
    body.close()
    body.close()
    event.process.facts.forEach { append($0, $1, $2, &body) }
    event.withFacts { facts in Packed.forEach(facts) { append($0, $1, $2, &body) } }
    body.close("]")
    body.close()
  }

  private static func append(_ field: Field, _ bytes: RawSpan, _ isCut: Bool, _ body: inout [UInt8]) {
    body.open()
    body.member("key", field.name)
    body.open("value")
    var isWhole = true
    switch field.type {
    case .bool: body.member("boolValue", Packed.truth(bytes))
    case .int: body.member("intValue", "\(Int64(bitPattern: Packed.number(bytes)))")
    case .uint:
      let value = Packed.number(bytes)
      // OpenTelemetry's numbers have a sign.
      body.member(value >> 63 == 0 ? "intValue" : "stringValue", "\(value)")
    case .text:
      body.appendMember("stringValue")
      isWhole = body.appendJSON(bytes)
    case .address: body.member("stringValue", "\(Packed.address(bytes))")
    case .texts:
      body.open("arrayValue")
      body.open("values", "[")
      Packed.forEachText(bytes, isCut: isCut) { text, _ in
        body.open()
        body.appendMember("stringValue")
        if !body.appendJSON(text) { isWhole = false }
        body.close()
      }
      body.close("]")
      body.close()
    }
    body.close()
    body.close()
    if !isWhole {
      body.open()
      body.member("key", field.name + ".hex")
      body.open("value")
      body.appendMember("stringValue")
      body.append(UInt8(ascii: "\""))
      body.appendHexadecimal(bytes)
      body.append(UInt8(ascii: "\""))
      body.close()
      body.close()
    }
    if isCut {
      body.open()
      body.member("key", field.name + ".cut")
      body.open("value")
      body.member("boolValue", true)
      body.close()
      body.close()
    }
  }
}

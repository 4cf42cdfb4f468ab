// SPDX-License-Identifier: Apache-2.0

import Foundation
import MeropsModel
import Synchronization
import TestServer
import Testing

@testable import MeropsSinks

/// Events as a store has them, with a place that moves when they are acknowledged.
final class FakeStore: Sendable {
  private let events: [Event]
  private let place = Mutex(0)

  init(_ batch: EventBatch) { events = Array(batch) }

  var isDone: Bool { place.withLock { $0 == events.count } }

  var source: EventSource {
    EventSource(
      next: { limit in
        let start = self.place.withLock { $0 }
        var builder = EventBatchBuilder()
        for event in self.events[start..<min(start + limit, self.events.count)] { builder.append(event) }
        return builder.isEmpty ? nil : builder.finish()
      },
      wait: { seconds in
        if !self.isDone { return true }
        usleep(UInt32(seconds * 1e6))
        return !self.isDone
      },
      acknowledge: { id in
        self.place.withLock { $0 = (self.events.firstIndex { $0.id == id } ?? -1) + 1 }
      })
  }
}

func eventually(_ condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) rethrows {
  for _ in 0..<6_000 {
    if try condition() { return }
    usleep(10_000)
  }
  Issue.record("It did not come true within a minute.", sourceLocation: sourceLocation)
}

final class Reports: Sendable {
  private let lines = Mutex<[String]>([])
  var take: @Sendable (String) -> Void { { line in self.lines.withLock { $0.append(line) } } }
  var all: [String] { lines.withLock { $0 } }
}

/// An event of each kind, with every field of its kind and of its process.
func everyKind() -> EventBatch {
  func fill(_ facts: inout Facts, _ fields: [Field]) {
    for field in fields {
      switch field.type {
      case .bool: facts.append(field, true)
      case .int: facts.append(field, Int64(3))
      case .uint: facts.append(field, UInt64(0o100644))
      case .text: facts.append(field, .text(Text(field == .networkTransport ? "tcp" : "/dir/\(field.name)")))
      case .texts: facts.append(field, .texts(["A=1", "two words"]))
      case .address: facts.append(field, .address(Address(ipv4: 0xc000_0201)))
      }
    }
  }
  var common = Facts()
  fill(&common, EventReference.commonFields.filter { $0 != .eventKind && $0 != .eventTime && $0 != .eventError })
  let parent = MeropsModel.Process(key: ProcessKey(start: 5, pid: 1), generation: 0, parent: nil, facts: common)
  let process = MeropsModel.Process(key: ProcessKey(start: 9, pid: 77), generation: 1, parent: parent, facts: common)
  var builder = EventBatchBuilder()
  for (index, kind) in EventKind.allCases.enumerated() {
    var facts = Facts()
    fill(&facts, EventReference.fields(of: kind))
    if index % 5 == 4 { facts.append(.eventError, UInt64(13)) }
    builder.append(
      kind, id: EventID(rawValue: 7_300_000_000_000_000_000 + UInt64(index)),
      time: 1_790_000_000_123_456_789 + UInt64(index), by: process, facts)
  }
  // With nothing but a process.
  for (index, kind) in EventKind.allCases.enumerated() {
    builder.append(
      kind, id: EventID(rawValue: 7_300_000_000_000_001_000 + UInt64(index)), time: 1_790_000_001_000_000_000,
      by: MeropsModel.Process(key: ProcessKey(start: 0, pid: 1), generation: 0, parent: nil, facts: Facts()))
  }
  return builder.finish()
}

/// Each line, as Foundation reads it.
func parsed(_ format: any EventFormat, _ batch: EventBatch) throws -> [[String: Any]] {
  var format = format
  var text: [UInt8] = []
  for event in batch { format.append(event, to: &text) }
  return try text.split(separator: 0x0a).map { line in
    try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
  }
}

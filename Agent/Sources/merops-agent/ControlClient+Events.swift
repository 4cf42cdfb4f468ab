// SPDX-License-Identifier: Apache-2.0

import MeropsControl
import MeropsModel

extension ControlClient {
  /// The batches of a reply in the packed format.
  func batches(_ target: String) throws(ControlError) -> [EventBatch] {
    var batches: [EventBatch] = []
    var frames = EventFrames()
    try stream(target) { (piece) throws(ControlError) in
      for case .events(let batch) in try frames.read(piece) { batches.append(batch) }
      return true
    }
    return batches
  }

  func events(_ request: EventRequest) throws(ControlError) -> [Event] {
    var request = request
    request.format = .packed
    return try batches("/v1/events?" + request.query).flatMap { $0 }
  }

  /// An event by its id; the newest one without.
  func event(_ id: EventID?) throws(ControlError) -> Event {
    let target = id.map { "/v1/events/\($0)?format=packed" } ?? "/v1/events?order=newest&limit=1&format=packed"
    guard let event = try batches(target).first?.first else { throw .notFound("The agent has seen no event yet.") }
    return event
  }
}

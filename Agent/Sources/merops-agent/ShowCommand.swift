// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsScreens

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show everything known of one event, with the ancestry of its process.",
    discussion: """
      The id is in the JSON of an event. Without one, the newest event is shown.

      EXAMPLES
        merops show
        merops show 1T5Z9K0AB3C0G
      """)

  @OptionGroup var agent: AgentOptions
  @Argument(help: "The event's id.")
  var event: String?
  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let format = json ? ReplyFormat.json : .packed
    let target: String
    if let event {
      guard let id = EventID(event) else {
        throw ValidationError(
          "'\(event)' is not an event's id: it has 13 digits and letters, as in the JSON of an event.")
      }
      target = "/v1/events/\(id)?format=\(format.rawValue)"
    } else {
      target = "/v1/events?order=newest&limit=1&format=\(format.rawValue)"
    }
    let bytes = try agent.client.get(target)
    if json { return Output.bytes(bytes) }
    guard let event = try Self.first(bytes) else {
      throw ControlError(status: 404, message: "The agent has seen no event yet.")
    }
    var users = UserNames()
    Output.text(EventDetails(layout: .current(showsDate: true)).text(event, users: &users))
  }

  static func first(_ bytes: [UInt8]) throws(ControlError) -> Event? {
    var frames = EventFrames()
    for case .events(let batch) in try frames.read(bytes) { return batch.first }
    return nil
  }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import MeropsControl
import MeropsModel
import MeropsScreens

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show everything known of one event: who did it, and what that process did before and after.",
    discussion: """
      The id is in the JSON of an event. Without one, the newest event is shown.

      EXAMPLES
        merops show
        merops show 1T5Z9K0AB3C0G
        merops show $(merops events --where 'file.path == "/etc/shadow"' --limit 1 --json | jq -r .id)
      """)

  @OptionGroup var agent: AgentOptions
  @Argument(help: "The event's id.", transform: EventID.typed)
  var event: EventID?
  @Flag(help: "The event alone, as JSON.")
  var json = false

  func run() throws {
    let found = try agent.client.event(event)
    if json { return Output.bytes(try agent.client.get("/v1/events/\(found.id)")) }
    var users = UserNames()
    let details = EventDetails(layout: .current(showsDate: true))
    Output.lines(details.lines(found, among: try neighbors(found), users: &users))
  }

  /// What the same process did shortly before and after.
  private func neighbors(_ event: Event) throws(ControlError) -> [Event] {
    var before = EventRequest()
    before.pid = event.process.key.pid
    before.limit = EventDetails.neighborCount + 1
    var after = before
    (before.until, before.newestFirst, after.since) = (event.time + 1, true, event.time)
    return try agent.client.events(before) + agent.client.events(after)
  }
}

extension EventID {
  /// An id as a person typed it.
  static func typed(_ text: String) throws -> EventID {
    guard let id = EventID(text) else {
      throw ValidationError("'\(text)' is not an event's id: it has 13 digits and letters, as in the JSON of an event.")
    }
    return id
  }
}

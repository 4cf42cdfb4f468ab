// SPDX-License-Identifier: Apache-2.0

extension OpenAPI {
  private static let action = #"{"type": "string", "enum": ["drop", "pass"]}"#
  private static let packetCount = JSON.schema([("packets", JSON.count), ("bytes", JSON.count)])
  private static let port = #"{"type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"}"#
  private static let number = #"{"type": "integer", "minimum": 0, "maximum": 4294967295}"#

  static let firewallSchemas = [
    (
      "Firewall",
      JSON.schema(
        [
          ("default_action", action),
          (
            "interfaces",
            JSON.array(
              JSON.schema([
                ("name", JSON.string), ("mode", #"{"type": "string", "enum": ["native", "generic", "absent"]}"#),
              ]))
          ),
          (
            "rules",
            JSON.array(
              JSON.schema(
                [
                  ("id", number), ("action", action), ("sources", JSON.array(JSON.string)),
                  ("source_count", JSON.count),
                  ("reason", JSON.string), ("packets", JSON.count), ("bytes", JSON.count),
                ],
                optional: [
                  ("list", JSON.string), ("policy", JSON.string), ("conditions", JSON.string),
                  ("interface", JSON.string),
                  ("left", #"{"type": "integer", "minimum": 0, "description": "Nanoseconds until it ends."}"#),
                ]))
          ),
          ("others", packetCount), ("malformed", packetCount), ("unreadable", packetCount),
          ("other_protocols", packetCount), ("generation", JSON.count), ("memory", JSON.count),
          ("is_adopted", #"{"type": "boolean"}"#),
        ],
        optional: [
          (
            "flows",
            JSON.schema([
              ("known", JSON.count), ("capacity", JSON.count), ("begun", JSON.count), ("evicted", JSON.count),
            ])
          )
        ])
    ),
    (
      "FirewallRequest",
      JSON.schema(
        [("action", action)],
        optional: [
          ("sources", JSON.array(JSON.string)), ("interface", JSON.string), ("transport", JSON.string), ("port", port),
          ("source_port", port), ("flags", JSON.string),
          ("icmp_type", #"{"type": "integer", "minimum": 0, "maximum": 255}"#),
          ("state", #"{"type": "string", "enum": ["new", "established"]}"#),
          (
            "rate",
            #"{"type": "integer", "minimum": 1, "maximum": 1000000000, "description": "Packets a second of one source."}"#
          ),
          ("burst", #"{"type": "integer", "minimum": 1, "maximum": 4294967295}"#),
          ("time", #"{"type": "integer", "minimum": 1, "description": "Nanoseconds from now on; for ever without."}"#),
          ("reason", #"{"type": "string", "maxLength": 1000}"#), ("list", #"{"type": "string", "maxLength": 200}"#),
          (
            "addresses",
            #"{"type": "string", "description": "The text of a list: an address a line, or of ipset save, or nft list set."}"#
          ),
        ])
    ),
    (
      "FirewallRemoval",
      JSON.schema(
        [], optional: [("sources", JSON.array(JSON.string)), ("rules", JSON.array(number)), ("list", JSON.string)])
    ),
    (
      "FirewallSettings",
      JSON.schema(
        [],
        optional: [
          ("default_action", action), ("guarding", JSON.array(JSON.string)), ("releasing", JSON.array(JSON.string)),
        ])
    ),
    (
      "FirewallReply",
      JSON.schema([
        ("rules", JSON.array(number)), ("sources", JSON.count), ("generation", JSON.count), ("time", JSON.count),
        ("notes", JSON.array(JSON.string)),
      ])
    ),
  ]
}

// SPDX-License-Identifier: Apache-2.0

/// The interface, as OpenAPI 3.0.3 has it. `Tests/OpenAPI/check` holds the server to it.
enum OpenAPI {
  static let text = """
    {
    "openapi": "3.0.3",
    "info": {
      "title": "Merops agent",
      "version": "1",
      "description": "What this machine does, on a unix socket, and on 127.0.0.1 with a token."
    },
    "security": [{"token": []}],
    "paths": \(JSON.object(byPath, separator: ",\n")),
    "components": {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    "parameters": \(JSON.object(parameters.map { ($0.name, $0.text) }, separator: ",\n")),
    "responses": {
      "Error": {
        "description": "What is wrong with the request.",
        "content": {"application/json": {"schema": \(JSON.reference("schemas/Error"))}}
      }
    },
    "schemas": \(JSON.object(schemas + firewallSchemas, separator: ",\n"))
    }
    }
    """
}

// MARK: Paths

extension OpenAPI {
  private struct Path {
    var path: String
    var method = "get"
    var operation: String
    var summary: String
    var parameters: [String] = []
    var answer: String
    /// The forms of the answer: the media type and the schema of each.
    var content: [(String, String)]
    var errors = ["401", "403", "400"]
    /// The media type of what is sent, and its schema.
    var body: String?
    var bodySchema = JSON.string

    /// The member of its path.
    var member: (String, String) {
      let answers = [
        ("200", JSON.object([("description", JSON.text(answer)), ("content", contents)]))
      ]
      let errors = errors.map { ($0, JSON.reference("responses/Error")) }
      var members = [
        ("operationId", JSON.text(operation)), ("summary", JSON.text(summary)),
        ("parameters", "[" + parameters.map { JSON.reference("parameters/" + $0) }.joined(separator: ", ") + "]"),
        ("responses", JSON.object(answers + errors)),
      ]
      if let body {
        let content = JSON.object([(body, JSON.object([("schema", bodySchema)]))])
        members.append(("requestBody", JSON.object([("required", "true"), ("content", content)])))
      }
      return (method, JSON.object(members))
    }

    private var contents: String { JSON.object(content.map { ($0, JSON.object([("schema", $1)])) }) }
  }

  /// What can be done at each path.
  private static var byPath: [(String, String)] {
    var order: [String] = []
    for path in paths where !order.contains(path.path) { order.append(path.path) }
    return order.map { path in (path, JSON.object(paths.filter { $0.path == path }.map(\.member))) }
  }

  private static func firewallChange(
    _ method: String, _ path: String, _ operation: String, _ schema: String, _ summary: String
  ) -> Path {
    Path(
      path: path, method: method, operation: operation, summary: summary, answer: "It is done.",
      content: [("application/json", JSON.reference("schemas/FirewallReply"))],
      errors: ["401", "403", "400", "404", "409", "413"], body: "application/json",
      bodySchema: JSON.reference("schemas/" + schema))
  }

  private static let lines = ("application/x-ndjson", JSON.string)
  private static let batches = ("application/vnd.merops.events", #"{"type": "string", "format": "binary"}"#)

  private static let paths = [
    Path(
      path: "/v1/status", operation: "status", summary: "What the agent does, and how it is.",
      answer: "The agent's state.", content: [("application/json", JSON.reference("schemas/Status"))]),
    Path(
      path: "/v1/events", operation: "events", summary: "Stored events.",
      parameters: ["since", "until", "kinds", "pid", "where", "limit", "order", "format"],
      answer: "The events, while they are read.", content: [lines, batches]),
    Path(
      path: "/v1/events/stream", operation: "stream",
      summary: "Events from now on. Slow readers lose events, and are told how many.",
      parameters: ["kinds", "pid", "where", "format"], answer: "Events as they happen, without an end.",
      content: [("text/event-stream", JSON.string), batches]),
    Path(
      path: "/v1/events/{id}", operation: "event", summary: "One event.", parameters: ["id", "format"],
      answer: "The event.", content: [("application/json", JSON.anyObject), batches],
      errors: ["401", "403", "400", "404"]),
    Path(
      path: "/v1/processes", operation: "processes",
      summary: "The processes that live now, each as the event that it was created by.",
      parameters: ["pid", "where", "limit", "format"], answer: "The processes.", content: [lines, batches]),
    Path(
      path: "/v1/top", operation: "top", summary: "Who does the most.",
      parameters: ["by", "sort", "since", "until", "kinds", "pid", "where", "limit"], answer: "The most active first.",
      content: [("application/json", JSON.reference("schemas/Top"))]),
    Path(
      path: "/v1/policies", operation: "policies", summary: "The policies that count.", answer: "The policies.",
      content: [("application/json", JSON.reference("schemas/Policies"))], errors: ["401", "403", "400", "404"]),
    Path(
      path: "/v1/policies", method: "post", operation: "applyPolicies",
      summary: "Puts a file of policies in place of the one of the same name. For root, over the socket.",
      parameters: ["file", "mode", "cgroup", "percent", "confirm_within"], answer: "The change, which counts.",
      content: [("application/json", JSON.reference("schemas/PolicyChange"))],
      errors: ["401", "403", "400", "404", "409", "413"], body: "application/yaml"),
    Path(
      path: "/v1/policies/promote", method: "post", operation: "promotePolicies",
      summary: "Enforces on all processes a file that only tells, or is tried on some. For root, over the socket.",
      parameters: ["file"], answer: "The change, which counts.",
      content: [("application/json", JSON.reference("schemas/PolicyChange"))],
      errors: ["401", "403", "400", "404", "409"]),
    Path(
      path: "/v1/policies/confirm", method: "post", operation: "confirmPolicies",
      summary: "Keeps the version that else rolls itself back. For root, over the socket.",
      answer: "The change, which goes on counting.",
      content: [("application/json", JSON.reference("schemas/PolicyChange"))],
      errors: ["401", "403", "400", "404", "409"]),
    Path(
      path: "/v1/policies/verify", method: "post", operation: "verifyPolicies",
      summary: "Hands files to the kernel's verifier; nothing counts. For root, over the socket.",
      answer: "What the verifier says of each hook.",
      content: [("application/json", JSON.reference("schemas/PolicyVerification"))],
      errors: ["401", "403", "400", "404", "413"], body: "application/json"),
    Path(
      path: "/v1/policies/versions/{number}", operation: "policyVersion",
      summary: "The files that counted in a version.",
      parameters: ["number"], answer: "The version.",
      content: [("application/json", JSON.reference("schemas/PolicyVersion"))], errors: ["401", "403", "400", "404"]),
    Path(
      path: "/v1/policies/history", operation: "policyHistory", summary: "The changes, the newest last.",
      answer: "The changes.", content: [("application/json", JSON.array(JSON.reference("schemas/PolicyChange")))],
      errors: ["401", "403", "400", "404"]),
    Path(
      path: "/v1/policies/rollback", method: "post", operation: "rollBackPolicies",
      summary: "Lets the files of an earlier version count again. For root, over the socket.", parameters: ["version"],
      answer: "The change, which counts.", content: [("application/json", JSON.reference("schemas/PolicyChange"))],
      errors: ["401", "403", "400", "404"]),
    Path(
      path: "/v1/policies/{name}", method: "delete", operation: "deletePolicies",
      summary: "Takes a file of policies out. For root, over the socket.", parameters: ["name"],
      answer: "The change, which counts.", content: [("application/json", JSON.reference("schemas/PolicyChange"))],
      errors: ["401", "403", "400", "404"]),
    Path(
      path: "/metrics", operation: "metrics", summary: "Counters in the text format of Prometheus.",
      answer: "The counters.", content: [("text/plain", JSON.string)], errors: ["401", "403"]),
    Path(
      path: "/v1/firewall", operation: "firewall", summary: "The firewall's rules, and what it has done.",
      answer: "The firewall's state.", content: [("application/json", JSON.reference("schemas/Firewall"))],
      errors: ["401", "403", "400", "409"]),
    firewallChange(
      "patch", "/v1/firewall", "setFirewall", "FirewallSettings",
      "Guards interfaces, or not any more, and sets the default. By root, over the unix socket."),
    firewallChange(
      "post", "/v1/firewall/rules", "addRule", "FirewallRequest",
      "Adds a rule, which counts when the answer comes. By root, over the unix socket."),
    firewallChange(
      "post", "/v1/firewall/removals", "removeRules", "FirewallRemoval",
      "Takes sources out of rules that drop them, and removes rules and lists. By root, over the unix socket."),
    Path(
      path: "/v1/firewall/drops", operation: "drops",
      summary: "Packets that are dropped from now on: of a flood some, and how many are not told.",
      answer: "Drops as they happen, without an end.", content: [lines], errors: ["401", "403", "400", "409", "503"]),
    Path(
      path: "/v1/openapi.json", operation: "openapi", summary: "This document.", answer: "This document.",
      content: [("application/json", JSON.anyObject)], errors: ["401", "403"]),
  ]
}

// MARK: Parameters

extension OpenAPI {
  private struct Parameter {
    var name: String
    var place = "query"
    var description: String
    var schema: String
    var isRequired = false

    var text: String {
      JSON.object([
        ("name", JSON.text(name)), ("in", JSON.text(place)),
        ("required", place == "path" || isRequired ? "true" : "false"),
        ("description", JSON.text(description)), ("schema", schema),
      ])
    }
  }

  private static let parameters = [
    Parameter(
      name: "since", description: "A time in UTC (2026-11-29T14:02:11Z), or how long ago (1h, 7d).",
      schema: JSON.reference("schemas/Time")),
    Parameter(
      name: "until", description: "A time in UTC, or how long ago.", schema: JSON.reference("schemas/Time")),
    Parameter(
      name: "kinds",
      description: "Kinds of events, with commas between them; `file` stands for all whose names begin so.",
      schema: #"{"type": "string", "pattern": "^[a-z_]+([.][a-z_]+)?(,[a-z_]+([.][a-z_]+)?)*$"}"#),
    Parameter(
      name: "pid", description: "Events of this process.",
      schema: #"{"type": "integer", "minimum": 0, "maximum": 4294967295}"#),
    Parameter(
      name: "where", description: "Events for which this condition holds, in the expression language.",
      schema: JSON.string),
    Parameter(
      name: "limit", description: "Events at most.",
      schema: #"{"type": "integer", "minimum": 1, "maximum": 10000000, "default": 1000}"#),
    Parameter(
      name: "order", description: "Which come first; with a limit, which come at all.",
      schema: #"{"type": "string", "enum": ["oldest", "newest"], "default": "oldest"}"#),
    Parameter(
      name: "format",
      description: "json: an object a line; ocsf, ecs: with the names of those schemas; packed: batches.",
      schema: #"{"type": "string", "enum": ["json", "ocsf", "ecs", "packed"], "default": "json"}"#),
    Parameter(
      name: "by", description: "What events are counted by.",
      schema: #"{"type": "string", "enum": ["process", "file", "destination"], "default": "process"}"#),
    Parameter(
      name: "sort", description: "What rows are sorted by: the most first, names from A on.",
      schema: #"{"type": "string", "enum": ["acts", "failed", "bytes", "name"], "default": "acts"}"#),
    Parameter(
      name: "file", description: "The name of a file of policies.", schema: JSON.string, isRequired: true),
    Parameter(
      name: "name", place: "path", description: "The name of a file of policies.", schema: JSON.string),
    Parameter(
      name: "mode",
      description:
        "audit: all rules of the file only tell. canary: they are enforced on `cgroup` or `percent` alone, and tell of others.",
      schema: #"{"type": "string", "enum": ["enforce", "audit", "canary"], "default": "enforce"}"#),
    Parameter(
      name: "cgroup", description: "The processes that a canary is enforced on: a path below the root of cgroup v2.",
      schema: #"{"type": "string", "pattern": "^/.*[^/]$"}"#),
    Parameter(
      name: "percent", description: "How many of a hundred sessions a canary is enforced on.",
      schema: #"{"type": "integer", "minimum": 1, "maximum": 99}"#),
    Parameter(
      name: "confirm_within",
      description: "The version rolls itself back after this time, unless it is confirmed: 60s; 24h at most.",
      schema: #"{"type": "string", "pattern": "^[0-9]+(s|m|h)$"}"#),
    Parameter(name: "number", place: "path", description: "A version.", schema: JSON.count),
    Parameter(
      name: "version", description: "A version; the one before if there is none.", schema: JSON.count),
    Parameter(
      name: "id", place: "path", description: "The event's id.",
      schema: #"{"type": "string", "pattern": "^[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"}"#),
  ]
}

// MARK: Schemas

extension OpenAPI {
  private static let canary = JSON.schema([], optional: [("cgroup", JSON.string), ("percent", JSON.count)])

  private static let schemas = [
    ("Time", #"{"type": "string", "pattern": "^[0-9A-Za-z:. -]+$"}"#),
    ("Error", JSON.schema([("status", JSON.integer), ("message", JSON.string)])),
    (
      "Counts",
      JSON.schema([("recorded", JSON.count), ("filtered", JSON.count), ("limited", JSON.count), ("lost", JSON.count)])
    ),
    (
      "Status",
      JSON.schema(
        [
          ("version", JSON.string), ("pid", JSON.count), ("host", JSON.string), ("kernel", JSON.string),
          (
            "started",
            #"{"type": "integer", "minimum": 0, "description": "Nanoseconds since 1970-01-01 UTC, as all times here."}"#
          ),
          ("now", JSON.count),
          (
            "counts",
            JSON.object([
              ("type", JSON.text("object")),
              ("description", JSON.text("By class: recorded + filtered + lost acts were seen.")),
              ("additionalProperties", JSON.reference("schemas/Counts")),
            ])
          ),
          ("sensors", JSON.array(JSON.schema([("sensor", JSON.string)], optional: [("hook", JSON.string)]))),
          (
            "sinks",
            JSON.array(
              JSON.schema(
                [
                  ("name", JSON.string), ("state", JSON.string), ("sent", JSON.count), ("queued", JSON.count),
                  ("lost", JSON.count), ("rejected", JSON.count), ("failures", JSON.count),
                ], optional: [("behind", JSON.count)]))
          ),
          ("subscribers", JSON.schema([("count", JSON.count), ("queued", JSON.count), ("lost", JSON.count)])),
          ("process", JSON.schema([("memory", JSON.integer), ("cpu_time", JSON.integer)])),
          (
            "programs",
            JSON.array(
              JSON.schema([
                ("name", JSON.string), ("hook", JSON.string), ("runs", JSON.count), ("time", JSON.count),
              ]))
          ),
          ("alarms", JSON.array(JSON.string)),
        ],
        optional: [
          ("delay", JSON.count),
          ("last_loss", JSON.schema([("time", JSON.count), ("events", JSON.count), ("of", JSON.string)])),
          (
            "store",
            JSON.schema(
              [
                ("place", JSON.string), ("events", JSON.count), ("bytes", JSON.count), ("queued", JSON.count),
                ("lost", JSON.count),
              ], optional: [("oldest", JSON.count)])
          ),
        ])
    ),
    (
      "PolicyChange",
      JSON.schema(
        [
          ("version", JSON.count), ("time", JSON.count), ("author", JSON.string), ("change", JSON.string),
          ("policies", JSON.count), ("rules", JSON.count),
        ], optional: [("hash", JSON.string), ("confirm_by", JSON.count)])
    ),
    (
      "PolicyVerification",
      JSON.schema([
        (
          "hooks",
          JSON.array(
            JSON.schema(
              [
                ("name", JSON.string), ("place", JSON.string), ("rules", JSON.count), ("instructions", JSON.count),
                ("memory", JSON.count), ("milliseconds", #"{"type": "number"}"#),
              ], optional: [("verified_instructions", JSON.count)]))
        )
      ])
    ),
    (
      "PolicyVersion",
      JSON.schema(
        [
          ("change", JSON.reference("schemas/PolicyChange")),
          (
            "files",
            JSON.array(
              JSON.schema(
                [("name", JSON.string), ("text", JSON.string)],
                optional: [
                  ("mode", JSON.string), ("directory", JSON.string), ("canary", canary),
                  ("lists", #"{"type": "object", "additionalProperties": {"type": "string"}}"#),
                ]))
          ),
        ], optional: [("directory", JSON.string)])
    ),
    (
      "Policies",
      JSON.schema(
        [
          ("version", JSON.count), ("generation", JSON.count), ("is_in_force", #"{"type": "boolean"}"#),
          ("cgroup", JSON.string), ("lost", JSON.count), ("unknown_processes", JSON.count),
          (
            "files",
            JSON.array(
              JSON.schema(
                [("name", JSON.string), ("text", JSON.string), ("policies", JSON.array(JSON.anyObject))],
                optional: [("mode", JSON.string), ("directory", JSON.string), ("canary", canary)]))
          ),
        ], optional: [("change", JSON.reference("schemas/PolicyChange")), ("pins", JSON.string)])
    ),
    (
      "Top",
      JSON.schema([
        ("by", #"{"type": "string", "enum": ["process", "file", "destination"]}"#), ("since", JSON.count),
        ("others", JSON.count),
        (
          "rows",
          JSON.array(
            JSON.schema([
              ("name", JSON.string), ("events", JSON.count), ("failed", JSON.count), ("bytes", JSON.count),
              ("kinds", #"{"type": "object", "additionalProperties": \#(JSON.count)}"#),
            ]))
        ),
      ])
    ),
  ]
}

// MARK: Writing

/// Pieces of the document.
enum JSON {
  static let string = #"{"type": "string"}"#
  static let integer = #"{"type": "integer"}"#
  static let count = #"{"type": "integer", "minimum": 0}"#
  static let anyObject = #"{"type": "object"}"#

  /// - Parameter text: without quotation marks and backslashes.
  static func text(_ text: String) -> String { "\"\(text)\"" }

  static func object(_ members: [(String, String)], separator: String = ", ") -> String {
    "{" + members.map { "\(text($0)): \($1)" }.joined(separator: separator) + "}"
  }

  static func reference(_ place: String) -> String { object([("$ref", text("#/components/" + place))]) }

  static func array(_ items: String) -> String { object([("type", text("array")), ("items", items)]) }

  static func schema(_ required: [(String, String)], optional: [(String, String)] = []) -> String {
    // OpenAPI 3.0 has no empty list of what is required.
    let names = "[" + required.map { text($0.0) }.joined(separator: ", ") + "]"
    return object(
      [("type", text("object"))] + (required.isEmpty ? [] : [("required", names)])
        + [("properties", object(required + optional))])
  }
}

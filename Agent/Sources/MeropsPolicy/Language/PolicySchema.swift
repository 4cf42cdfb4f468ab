// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// The JSON Schema of policy files: what editors complete and check by. Conditions are texts to it; `merops policy check` knows
/// more.
public enum PolicySchema {
  public static let text = """
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Merops policy",
      "type": "object", "additionalProperties": false,
      "required": ["apiVersion", "kind", "metadata", "spec"],
      "properties": {
        "apiVersion": {"const": "\(PolicyFile.apiVersion)"},
        "kind": {"const": "Policy"},
        "metadata": {
          "type": "object", "additionalProperties": false, "required": ["name"],
          "properties": {
            "name": \(name), "description": {"type": "string"},
            "labels": {"type": "object", "propertyNames": \(name), "additionalProperties": {"type": \(scalar)}}
          }
        },
        "spec": {
          "type": "object", "additionalProperties": false, "required": ["rules"],
          "properties": {
            "mode": \(words(Mode.self)), "priority": \(priority),
            "lists": {"type": "object", "additionalProperties": \(some(#"{"type": \#(scalar)}"#))},
            "rules": {"anyOf": [\(rules), {"type": "array", "minItems": 1, "items": {"anyOf": [\(rules)]}}]}
          }
        }
      }
    }
    """

  private static let scalar = #"["string", "number", "boolean"]"#
  static let name = #"{"type": \#(scalar), "pattern": "^[A-Za-z0-9._-]{1,63}$"}"#
  private static let priority = #"{"type": "integer", "minimum": 0, "maximum": 1000}"#

  /// One, or a list of them.
  static func some(_ item: String) -> String {
    #"{"anyOf": [\#(item), {"type": "array", "minItems": 1, "items": \#(item)}]}"#
  }

  static func words<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) -> String {
    words(Choice.allCases.map(\.rawValue))
  }

  static func words(_ words: [String]) -> String {
    #"{"enum": ["# + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]}"
  }

  static let attack = """
    {
      "type": "object", "additionalProperties": false,
      "properties": {"technique": {"type": "string", "pattern": "^T[0-9.]{4,}$"}, "tactic": {"type": "string"}}
    }
    """

  private static let rules = "\(rule), \(packetRule)"

  private static let rule = """
    {
      "type": "object", "additionalProperties": false, "required": ["id", "on", "action"],
      "properties": {
        "id": \(name), "on": \(some(words(Rule.acts.map(\.name)))),
        "subject": {
          "type": "object", "additionalProperties": false,
          "properties": {
            "executable": \(some(#"{"type": "string", "pattern": "^/"}"#)),
            "uid": \(some(#"{"type": "integer", "minimum": 0, "maximum": 4294967295}"#)),
            "cgroup": \(some(#"{"type": "string", "pattern": "^/.*[^/]$"}"#))
          }
        },
        "match": {"type": "string"}, "action": \(words(Action.self)), "mode": \(words(Mode.self)),
        "priority": \(priority), "require": \(words(Rung.self)), "severity": \(words(Severity.self)),
        "message": {"type": "string"}, "falsePositives": {"type": "string"},
        "attack": \(attack)
      }
    }
    """
}

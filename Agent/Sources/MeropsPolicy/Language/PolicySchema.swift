// SPDX-License-Identifier: Apache-2.0

import MeropsModel

/// The JSON Schemas of files of policies and of cases: what editors complete and check by. Conditions are texts to them;
/// `merops policy check` and `test` know more.
public enum PolicySchema {
  /// Of policies, and of lists that they share.
  public static let text = """
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Merops policy",
      "type": "object", "required": ["apiVersion", "kind", "metadata", "spec"],
      "properties": {"kind": {"enum": ["Policy", "\(PolicyReader.listsKind)"]}},
      "if": {"properties": {"kind": {"const": "\(PolicyReader.listsKind)"}}},
      "then": {
        "additionalProperties": false,
        "properties": {
          "apiVersion": \(version), "kind": true, "metadata": \(metadata),
          "spec": {
            "type": "object", "additionalProperties": false, "required": ["lists"], "properties": {"lists": \(lists)}
          }
        }
      },
      "else": {
        "additionalProperties": false,
        "properties": {
          "apiVersion": \(version), "kind": true, "metadata": \(metadata),
          "spec": {
            "type": "object", "additionalProperties": false, "required": ["rules"],
            "properties": {
              "mode": \(words(Mode.self)), "priority": \(priority), "lists": \(lists),
              "macros": {"type": "object", "propertyNames": \(word), "additionalProperties": {"type": "string"}},
              "rules": {"anyOf": [\(rules), {"type": "array", "minItems": 1, "items": {"anyOf": [\(rules)]}}]}
            }
          }
        }
      }
    }
    """

  /// Of cases.
  public static let cases = """
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Merops policy cases",
      "type": "object", "additionalProperties": false, "required": ["apiVersion", "kind", "cases"],
      "properties": {
        "apiVersion": \(version), "kind": {"const": "\(CaseReader.kind)"}, "policies": \(some(#"{"type": "string"}"#)),
        "cases": \(some(policyCase))
      }
    }
    """

  private static let policyCase = """
    {
      "type": "object", "additionalProperties": false, "required": ["name", "on", "expect"],
      "properties": {
        "name": {"type": "string"}, "on": \(words(Rule.acts.map(\.name))), "cgroup": {"type": "string", "pattern": "^/"},
        "given": {
          "type": "object",
          "propertyNames": \(words(Field.allCases.map(\.name))),
          "additionalProperties": \(some(#"{"type": \#(scalar)}"#))
        },
        "expect": {"enum": ["allow", "deny", "kill"]}, "rule": {"type": "string", "pattern": "^(none|.+/.+)$"},
        "told": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "uncertain": {"type": "boolean"}
      }
    }
    """

  private static let version = #"{"const": "\#(PolicyFile.apiVersion)"}"#
  private static let metadata = """
    {
      "type": "object", "additionalProperties": false, "required": ["name"],
      "properties": {
        "name": \(name), "description": {"type": "string"},
        "labels": {"type": "object", "propertyNames": \(name), "additionalProperties": {"type": \(scalar)}}
      }
    }
    """
  private static let lists = """
    {
      "type": "object", "propertyNames": \(word),
      "additionalProperties": {
        "anyOf": [
          {"type": \(scalar)}, {"type": "array", "minItems": 1, "items": {"type": \(scalar)}},
          {
            "type": "object", "additionalProperties": false, "required": ["file"],
            "properties": {"file": {"type": "string", "pattern": "^[^/]"}}
          }
        ]
      }
    }
    """
  /// What lists and macros are named.
  private static let word = #"{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}"#

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

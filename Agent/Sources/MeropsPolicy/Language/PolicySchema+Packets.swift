// SPDX-License-Identifier: Apache-2.0

extension PolicySchema {
  /// A rule about packets.
  static let packetRule = """
    {
      "type": "object", "additionalProperties": false, "required": ["id", "on", "action"],
      "properties": {
        "id": \(name), "on": \(some(words([PacketPolicyRule.act]))),
        "interface": \(some(#"{"type": "string", "pattern": "^[^/: ]{1,15}$"}"#)),
        "match": {"type": "string"}, "action": \(words(PacketPolicyRule.Action.self)),
        "rate": {"type": "integer", "minimum": 1, "maximum": 1000000000},
        "burst": {"type": "integer", "minimum": 1, "maximum": 4294967295},
        "mode": {"enum": ["enforce", "off"]}, "require": {"const": "deny"}, "severity": \(words(Severity.self)),
        "message": {"type": "string"}, "falsePositives": {"type": "string"}, "attack": \(attack)
      }
    }
    """
}

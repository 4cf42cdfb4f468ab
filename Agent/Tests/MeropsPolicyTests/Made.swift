// SPDX-License-Identifier: Apache-2.0

import MeropsModel
import MeropsPolicy

/// Policies that were made up.
enum Made {
  static func policy(_ name: String, _ random: inout SeededRandom) -> Policy {
    let rules = Int.random(in: 1...6, using: &random)
    var text = "apiVersion: merops/v1\nkind: Policy\nmetadata: {name: \(name)}\nspec:\n  rules:\n"
    for rule in 0..<rules {
      // A bound socket has another address than one that connects: such rules ask about the process only.
      let isExec = Int.random(in: 0..<5, using: &random) == 0
      let isBind = isExec || Int.random(in: 0..<4, using: &random) == 0
      text += "    - id: r\(rule)\n"
      text += "      on: [\(isExec ? "process.exec" : isBind ? "network.connect, network.bind" : "network.connect")]\n"
      text +=
        "      action: \([isExec ? "kill" : "deny", isExec ? "kill" : "deny", "allow", "audit"].randomElement(using: &random) ?? "deny")\n"
      text +=
        "      mode: \(["enforce", "enforce", "enforce", "audit", "off"].randomElement(using: &random) ?? "off")\n"
      text += "      priority: \(Int.random(in: 1...3, using: &random))\n"
      if Int.random(in: 0..<4, using: &random) == 0 {
        text += "      subject: {cgroup: /\(["a", "b"].randomElement(using: &random) ?? "a")}\n"
      }
      text += "      match: >-\n        \(condition(&random, 3, isBind: isBind))\n"
    }
    do { return try PolicyFile.read(text, name: name)[0] } catch { preconditionFailure("\(error) in\n\(text)") }
  }

  /// A condition of some depth, as text.
  static func condition(_ random: inout SeededRandom, _ depth: Int, isBind: Bool) -> String {
    if depth > 0, Int.random(in: 0..<3, using: &random) > 0 {
      let count = Int.random(in: 2...3, using: &random)
      let parts = (0..<count).map { _ in condition(&random, depth - 1, isBind: isBind) }
      switch Int.random(in: 0..<3, using: &random) {
      case 0: return "(" + parts.joined(separator: " && ") + ")"
      case 1: return "(" + parts.joined(separator: " || ") + ")"
      default: return "!(" + parts[0] + ")"
      }
    }
    return !isBind && Bool.random(using: &random) ? atomOfAct(&random) : atomOfProcess(&random)
  }

  static let addresses = [
    "127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.0.9", "::1", "::ffff:127.0.0.2", "0.0.0.0", "::", "127.0.0.66",
  ]
  static let ports: [UInt16] = [1, 9, 53, 443, 8080, 40_000]
  static let paths = [
    "/usr/bin/curl", "/usr/bin/wget", "/bin/sh", "/opt/tools/deep/er/scan", "/init", "/usr/bin/curl2", "/tmp/a/curl",
    "/usr/bin/cur", "/twelve/bytes",
  ]
  /// More bytes than the kernel keeps.
  static let longPath = "/long" + String(repeating: "/directory", count: 30) + "/curl"

  private static func atomOfAct(_ random: inout SeededRandom) -> String {
    switch Int.random(in: 0..<7, using: &random) {
    case 0:
      return
        "destination.address in [\(some(["127.0.0.0/8", "127.0.0.2/31", "::1", "::/1", "127.1.0.0/16", "0.0.0.0/0", "::/0", "127.0.0.66"], &random))]"
    case 1:
      let blocks =
        (0..<12).map { "\"10.\($0).0.0/16\"" } + [
          "\"127.0.0.0/\(Int.random(in: 8...32, using: &random))\"", "\"::1/128\"",
        ]
      return "destination.address in [\(blocks.joined(separator: ", "))]"
    case 2:
      return
        "destination.address == \"\(["127.0.0.1", "::1", "127.0.0.66", "::ffff:127.0.0.2"].randomElement(using: &random) ?? "")\""
    case 3:
      let operation = ["==", "!=", "<", "<=", ">", ">="].randomElement(using: &random) ?? "=="
      return "destination.port \(operation) \(ports.randomElement(using: &random) ?? 1)"
    case 4:
      let count = Bool.random(using: &random) ? 3 : 14
      return
        "destination.port in [\((0..<count).map { _ in "\(ports.randomElement(using: &random) ?? 1)" }.joined(separator: ", ")), \(Int.random(in: 0...9, using: &random))]"
    case 5:
      return
        "network.transport \(Bool.random(using: &random) ? "==" : "!=") \"\(Bool.random(using: &random) ? "udp" : "tcp")\""
    default:
      return "math.bitAnd(destination.port + \(Int.random(in: 0...3, using: &random)), 3u) == destination.port % 4u"
    }
  }

  private static func atomOfProcess(_ random: inout SeededRandom) -> String {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return "process.executable.path == \"\(paths.randomElement(using: &random) ?? "")\""
    case 1: return "process.executable.path != \"\(paths.randomElement(using: &random) ?? "")\""
    case 2: return "process.executable.path in [\(some(paths + [longPath], &random))]"
    case 3:
      return
        "process.executable.path in [\((paths + (0..<9).map { "/x/\($0)" }).shuffled(using: &random).prefix(12).map { "\"\($0)\"" }.joined(separator: ", "))]"
    case 4:
      return
        "process.executable.path.startsWith(\"\(["/usr/", "/usr/bin/", "/", "/tmp/", "/opt/tools/deep/", "/long/"].randomElement(using: &random) ?? "/")\")"
    case 5:
      return
        "process.executable.path.endsWith(\"\(["/curl", "/bin/curl", "/init", "/er/scan", "/usr/bin/curl"].randomElement(using: &random) ?? "/")\")"
    case 6:
      return
        "process.user.id \(["==", "!=", "<", ">="].randomElement(using: &random) ?? "==") \(["0", "1000", "1001"].randomElement(using: &random) ?? "0")"
    default:
      return
        "process.executable.path.glob(\"\(["/usr/**", "/bin/sh", "/opt/tools/**"].randomElement(using: &random) ?? "")\")"
    }
  }

  private static func some(_ all: [String], _ random: inout SeededRandom) -> String {
    all.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)).map { "\"\($0)\"" }
      .joined(separator: ", ")
  }
}

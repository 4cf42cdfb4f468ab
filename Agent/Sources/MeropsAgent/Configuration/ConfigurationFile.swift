// SPDX-License-Identifier: Apache-2.0

import Yams

/// Reads and writes the agent's file.
public enum ConfigurationFile {
  public static let defaultPath = "/etc/merops/merops.yaml"

  /// The configuration of a text; keys that it does not have keep their defaults.
  ///
  /// - Throws: ``AgentError`` that names file, line and column.
  public static func read(_ text: String, name: String) throws(AgentError) -> Configuration {
    do throws(ConfigurationProblem) {
      return try read(text)
    } catch {
      throw AgentError(error.described(file: name, text: text))
    }
  }

  private static func read(_ text: String) throws(ConfigurationProblem) -> Configuration {
    var configuration = Configuration()
    let root: Node?
    do { root = try Yams.compose(yaml: text) } catch let error as YamlError {
      throw problem(error)
    } catch {
      throw ConfigurationProblem("the file is not YAML: \(error)", nil)
    }
    // A file with comments only is a file without keys.
    guard let root, root.null == nil || root.mapping != nil else { return configuration }
    guard let mapping = root.mapping else {
      throw ConfigurationProblem("the file has to consist of keys and values, such as `ring: 8MiB`", root.mark)
    }
    try read(mapping, "", &configuration)
    return configuration
  }

  private static func read(
    _ mapping: Node.Mapping, _ prefix: String, _ configuration: inout Configuration
  ) throws(ConfigurationProblem) {
    for (key, value) in mapping {
      guard let word = key.scalar?.string else { throw ConfigurationProblem("a key has to be a word", key.mark) }
      let name = prefix + word
      if let key = ConfigurationKey.all.first(where: { $0.name == name }) {
        try key.set(ConfigurationValue(node: value, name: name), &configuration)
      } else if ConfigurationKey.all.contains(where: { $0.name.hasPrefix(name + ".") }) {
        if value.null != nil { continue }
        guard let block = value.mapping else {
          throw ConfigurationProblem("`\(name)` has to be a block of keys, indented below it", value.mark)
        }
        try read(block, name + ".", &configuration)
      } else {
        let known = ConfigurationKey.all.map(\.name)
        throw ConfigurationProblem("there is no key `\(name)`", key.mark, nearest: name, among: known)
      }
    }
  }

  private static func problem(_ error: YamlError) -> ConfigurationProblem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      ConfigurationProblem(([context?.text, problem].compactMap { $0 }).joined(separator: ": "), mark)
    case .duplicatedKeysInMapping(let duplicates, let context):
      ConfigurationProblem(
        "the key `\(duplicates.first ?? "?")` stands twice", context.mark)
    default: ConfigurationProblem("the file is not YAML: \(error)", nil)
    }
  }

  /// A file with every key, its meaning and its value.
  public static func text(_ configuration: Configuration) -> String {
    var text = ""
    var block = ""
    for key in ConfigurationKey.all {
      let parts = key.name.split(separator: ".").map(String.init)
      let isNested = parts.count > 1
      if isNested, parts[0] != block { text += "\(parts[0]):\n" }
      block = isNested ? parts[0] : ""
      let indent = isNested ? "  " : ""
      for line in wrapped("\(key.summary) (\(key.form))", 116 - indent.count) { text += "\(indent)# \(line)\n" }
      text += "\(indent)\(parts.last ?? ""): \(key.show(configuration))\n"
    }
    return text
  }

  private static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + word.count >= width { lines.append("") }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A function of the C text, which the Swift text calls.
struct Accessor: Hashable, Sendable {
  var result: String
  var name: String
  /// As C declares them, with names.
  var parameters: String
  var body: String

  /// For the header: pointers are never absent as far as Swift is concerned, a null one is an address like any other.
  var declaration: String {
    "\(result.replacing("*", with: "*_Nonnull")) \(name)(\(parameters.replacing("*", with: "*_Nonnull ")));\n"
  }

  var definition: String {
    "__attribute__((always_inline)) \(result) \(name)(\(parameters)) {\n  \(body)\n}\n"
  }

  static let pointer = "const void *"
  static let object = "const void *p"
}

/// The functions that were asked for, each once, and the names that tell them apart.
struct Accessors {
  private var names: [String: String] = [:]
  private(set) var all: [Accessor] = []

  /// Adds a function and returns its name. Equal functions are one.
  mutating func add(_ result: String, _ words: [String], _ parameters: String, _ body: String) -> String {
    let wanted = "core_" + words.joined(separator: "__")
    var name = wanted
    var number = 2
    // Underscores at the ends of the kernel's names can make two of them alike.
    while let known = names[name], known != body {
      name = "\(wanted)__\(number)"
      number += 1
    }
    if names.updateValue(body, forKey: name) == nil {
      all.append(Accessor(result: result, name: name, parameters: parameters, body: body))
    }
    return name
  }

  /// Adds a function of an object's address.
  mutating func add(_ result: String, _ words: [String], _ body: String) -> String {
    add(result, words, Accessor.object, body)
  }
}

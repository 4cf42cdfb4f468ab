// SPDX-License-Identifier: Apache-2.0

extension GeneratedText {
  /// `T.size`, `T.exists.field` and the like: numbers that the loader fills in.
  mutating func writeInquiries(_ view: KernelView) {
    for inquiry in TypeInquiry.allCases where view.typeInquiries.contains(inquiry) {
      let function = inquiry == .size ? addSize(of: view.root) : addInquiry(inquiry, of: view.root.c, view.root.name)
      add("  /// \(inquiry.comment)\n")
      add("  static var \(inquiry.rawValue): \(inquiry.swift) { @inline(__always) get { \(function)() } }\n")
    }
    for inquiry in FieldInquiry.allCases {
      guard let fields = view.inquiries[inquiry] else { continue }
      let holder = "FieldsFor_\(inquiry.rawValue)"
      add("  /// \(inquiry.comment)\n")
      add("  static var \(inquiry.rawValue): \(holder) { @inline(__always) get { \(holder)() } }\n")
      add("  struct \(holder) {\n")
      for field in fields {
        let expression = Self.expression(view, field, of: "0")
        let words = [(field.flavor ?? view.root).name, field.member, inquiry.rawValue]
        let function = accessors.add(
          inquiry.c, words, "void", "return __builtin_preserve_field_info(\(expression), \(inquiry.number));")
        add("  " + Self.property(SwiftWord.property(field.name, besides: []), inquiry.swift, "\(function)()"))
      }
      add("  }\n")
    }
  }

  /// The function that returns the size of a type.
  mutating func addSize(of key: LocalKey) -> String { addInquiry(.size, of: key.c, key.name) }

  mutating func addInquiry(_ inquiry: TypeInquiry, of type: String, _ name: String) -> String {
    let body =
      switch inquiry {
      case .isPresent: "__builtin_preserve_type_info(*(\(type) *)0, 0)"
      case .size: "__builtin_preserve_type_info(*(\(type) *)0, 1)"
      case .matches: "__builtin_preserve_type_info(*(\(type) *)0, 2)"
      case .localID: "__builtin_btf_type_id(*(\(type) *)0, 0)"
      case .kernelID: "__builtin_btf_type_id(*(\(type) *)0, 1)"
      }
    return accessors.add(inquiry.c, [name, inquiry.rawValue], "void", "return \(body);")
  }
}

extension FieldInquiry {
  /// The kind of `__builtin_preserve_field_info`.
  var number: Int {
    switch self {
    case .offset: 0
    case .fieldSize: 1
    case .exists: 2
    case .isSigned: 3
    case .leftShift: 4
    case .rightShift: 5
    }
  }

  private var isQuestion: Bool { self == .exists || self == .isSigned }
  var swift: String { isQuestion ? "Bool" : "Int" }
  var c: String { isQuestion ? "_Bool" : "long" }

  var comment: String {
    switch self {
    case .exists: "Whether the kernel has the field."
    case .offset: "Where the field starts, in bytes."
    case .fieldSize: "The bytes of the field; of the storage, for a bit field."
    case .isSigned: "Whether the field is a signed integer."
    case .leftShift: "By how much its storage, in 64 bits, is shifted left to lose what lies above the field."
    case .rightShift: "By how much it is then shifted right to lose what lay below."
    }
  }
}

extension TypeInquiry {
  private var isQuestion: Bool { self == .isPresent || self == .matches }
  var swift: String { isQuestion ? "Bool" : self == .size ? "Int" : "UInt64" }
  var c: String { isQuestion ? "_Bool" : self == .size ? "long" : "unsigned long long" }

  var comment: String {
    switch self {
    case .isPresent: "Whether the kernel has the type."
    case .size: "Its bytes."
    case .matches: "Whether it has the fields that the probe uses, with types like those it was compiled for."
    case .localID: "Its id in the object's BTF."
    case .kernelID: "Its id in the kernel's BTF, with that of the BTF object in the upper half."
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Functions of Swift's runtime that the compiler calls for features which BPF cannot have.
enum RuntimeNeed {
  /// What a call of this function means for the author; nil if it is none of the runtime's.
  static func message(for function: String) -> String? {
    for (prefixes, message) in needs where prefixes.contains(where: function.hasPrefix) { return message }
    return nil
  }

  static func largeCopy(_ bytes: Int) -> String {
    "copies \(bytes) bytes through the stack, which has 512: work on the value where it lies, with `withValue` or "
      + "`pointer(to:)`, or send it with a ring's `send`"
  }

  static func functionValue(_ language: SourceLanguage) -> String {
    "calls through a function value, which BPF cannot do: \(language.directCall)"
  }

  static let trap =
    "may trap (an index out of range, a failed cast), but BPF cannot stop half-way: return a verdict instead"

  private static let heap =
    "needs memory from a heap (a class instance, an Array, a String, or a closure that is kept), which BPF does not have: "
    + "use a struct, an InlineArray, a map, or pass the closure directly to an @inline(__always) function"

  private static let needs: [(prefixes: [String], message: String)] = [
    (
      [
        "swift_allocObject", "swift_allocBox", "swift_allocEmptyBox", "swift_initStackObject", "swift_initStaticObject",
        "swift_retain", "swift_release", "swift_slowAlloc", "swift_slowDealloc", "swift_deallocClassInstance",
        "swift_deallocObject", "swift_dealloc", "swift_isUniquelyReferenced", "swift_isEscapingClosure",
        "swift_bridgeObject", "swift_setDeallocating", "posix_memalign", "malloc", "free", "swift_coroFrameAlloc",
      ], heap
    ),
    (
      ["swift_once"],
      "uses a variable whose initial value is not a constant: a probe's variables start with literal values"
    ),
    (
      ["swift_willThrow", "swift_unexpectedError", "swift_errorInMain", "swift_allocError", "swift_deallocError"],
      "throws an error, which BPF cannot: return an optional or a number"
    ),
    (
      ["swift_dynamicCast", "swift_getTypeByMangledName", "swift_getGenericMetadata"],
      "asks for a type at run time, which BPF cannot: use generics, which are resolved when the probe is built"
    ),
    (
      ["_swift_stdlib_", "swift_stdlib_", "putchar", "arc4random", "swift_int64ToString", "swift_uint64ToString"],
      "needs Swift's text, hashing or random numbers, which are not in BPF: use FixedString, a map, or "
        + "bpf_get_prandom_u32()"
    ),
    (
      ["bpf_cannot_stop"],
      "stops the program (fatalError, precondition), but BPF cannot stop half-way: return a verdict instead"
    ),
    (["llvm.trap", "llvm.ubsantrap", "abort", "__stack_chk_fail"], trap),
  ]
}

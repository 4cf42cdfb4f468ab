// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0

// Probes are compiled without traps. The standard library's functions that stop a program would therefore take away
// their own check and what follows it; these call a function that is nowhere, which the build reports at the line.
#if hasFeature(Embedded)

  // The line keeps the optimiser from making one call of several.
  @_silgen_name("bpf_cannot_stop")
  @usableFromInline func cannotStop(_ line: UInt) -> Never

  /// BPF cannot stop half-way: refused when the probe is built. Return a verdict instead.
  @inline(__always)
  public func fatalError(
    _ message: @autoclosure () -> StaticString = StaticString(), file: StaticString = #file, line: UInt = #line
  ) -> Never {
    cannotStop(line)
  }

  @inline(__always) @_disfavoredOverload
  public func fatalError(
    _ message: @autoclosure () -> String, file: StaticString = #file, line: UInt = #line
  ) -> Never {
    cannotStop(line)
  }

  /// BPF cannot stop half-way: refused when the probe is built. Return a verdict instead.
  @inline(__always)
  public func preconditionFailure(
    _ message: @autoclosure () -> StaticString = StaticString(), file: StaticString = #file, line: UInt = #line
  ) -> Never {
    cannotStop(line)
  }

  /// BPF cannot stop half-way: refused when the probe is built, unless the condition is true by then. Use `guard`.
  @inline(__always)
  public func precondition(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> StaticString = StaticString(),
    file: StaticString = #file, line: UInt = #line
  ) {
    if !condition() { cannotStop(line) }
  }

#endif

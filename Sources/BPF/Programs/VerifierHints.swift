// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// What usually helps when the verifier rejects a program, by the verifier's own words (kernel/bpf/verifier.c).
enum VerifierHints {
  static func hint(cause: String, errno: Errno) -> String? {
    hints.first { $0.words.contains(where: cause.contains) }?.hint
  }

  private static let hints: [(words: [String], hint: String)] = [
    (
      ["_or_null'", "possibly NULL pointer", "Possibly NULL pointer"],
      "the pointer may be null (no such key, no room in the ring): check it first, `guard let` in Swift, `if (!p)` in C; "
        + "Swift's `!` checks nothing in a probe"
    ),
    (
      ["invalid access to packet", "offset is outside of the packet"],
      "the packet may end before these bytes: compare with the packet's end right before you read them, as `Packet.read` does"
    ),
    (
      [
        "unbounded memory access", "invalid access to map value", "max value is outside of the allowed memory range",
        "min value is negative", "value is outside of the allowed memory range", "unbounded min value",
        "unbounded variable-offset", "invalid variable-offset",
      ],
      "an index or a size may be too large: compare it with the limit right before you use it, as in "
        + "`guard index < 16 else { return ... }`, and use unsigned numbers"
    ),
    (
      ["type=fp expected=map_ptr", "type=scalar expected=map_ptr", "type=inv expected=map_ptr"],
      "declare the map as a global variable, outside of all functions"
    ),
    (
      ["invalid mem access 'scalar'", "invalid mem access 'inv'"],
      "the program uses a number as an address: read kernel memory with `readKernel` (bpf_probe_read_kernel), a process's "
        + "memory with `readUser`; or the verifier lost track of a pointer that the program kept as a number"
    ),
    (
      [
        "infinite loop detected", "back-edge from insn", "program is too large", "jumps is too complex",
        "too many states", "loop is not bounded",
      ],
      "the verifier does not see the end of a loop, or there are too many paths: give the loop a constant number of "
        + "rounds, or use bpf_loop (Linux 5.17)"
    ),
    (
      ["cannot call GPL-restricted function", "cannot call GPL only function"],
      "the kernel reserves the helper for GPL programs: declare `let license = License.gpl` in Swift, or `char LICENSE[] SEC(\"license\") = \"GPL\"` in "
        + "C"
    ),
    (
      ["program of this type cannot use helper", "unknown func", "helper call is not allowed"],
      "programs of this type may not call that helper, or this kernel does not have it yet: `merops features` lists the "
        + "helpers of each type"
    ),
    (
      ["combined stack size", "stack frames is"],
      "functions that call each other share 512 bytes of stack: keep large values in a per-CPU array"
    ),
    (
      ["invalid indirect read from stack", "invalid read from stack", "!read_ok"],
      "the program reads stack that it has not written: set the whole value first, its padding too"
    ),
    (
      ["At program exit the register R0", "R0 is not a known value", "should have been in"],
      "the program returns a number that its hook does not know: return one of the hook's verdicts"
    ),
    (
      ["Unreleased reference", "reference has not been released", "reference leak"],
      "release what the program acquired (a ring's record, a socket, a task) on every path"
    ),
    (
      ["invalid bpf_context access"],
      "programs of this type cannot read or write this field of the context, or not with this size"
    ),
    (
      ["misaligned"],
      "read at an address that is a multiple of the size that you read"
    ),
    (
      ["cannot pass map_type"],
      "the helper does not work on maps of this type"
    ),
    (
      ["pointer arithmetic", "pointer arithmetic prohibited"],
      "the verifier allows no arithmetic on this kind of pointer: check it for null first, and add only to pointers to "
        + "packets, map values and the stack"
    ),
  ]
}

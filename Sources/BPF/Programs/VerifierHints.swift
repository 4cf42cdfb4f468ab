// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// What usually helps against the verifier's refusals, by its own words (kernel/bpf/verifier.c).
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
      "bytes of the packet that may not be there: compare with the packet's end right before they are read, as "
        + "`Packet.read` does"
    ),
    (
      [
        "unbounded memory access", "invalid access to map value", "max value is outside of the allowed memory range",
        "min value is negative", "value is outside of the allowed memory range", "unbounded min value",
        "unbounded variable-offset", "invalid variable-offset",
      ],
      "an index or a size that may be too large: compare it with the limit right before it is used, as in "
        + "`guard index < 16 else { return ... }`, and use unsigned numbers"
    ),
    (
      ["type=fp expected=map_ptr", "type=scalar expected=map_ptr", "type=inv expected=map_ptr"],
      "a map must be a global variable, outside of all functions"
    ),
    (
      ["invalid mem access 'scalar'", "invalid mem access 'inv'"],
      "a number is used as an address: read kernel memory by `readKernel` (bpf_probe_read_kernel), a process's by "
        + "`readUser`; or the verifier lost track of a pointer that was kept as a number"
    ),
    (
      [
        "infinite loop detected", "back-edge from insn", "program is too large", "jumps is too complex",
        "too many states", "loop is not bounded",
      ],
      "a loop whose end the verifier does not see, or too many paths: give the loop a constant number of rounds, or use "
        + "bpf_loop (Linux 5.17)"
    ),
    (
      ["cannot call GPL-restricted function", "cannot call GPL only function"],
      "the helper is for GPL programs: `let license = License.gpl` in Swift, `char LICENSE[] SEC(\"license\") = \"GPL\"` in "
        + "C"
    ),
    (
      ["program of this type cannot use helper", "unknown func", "helper call is not allowed"],
      "programs of this type may not call that helper, or the kernel is older than it: `merops features` lists the "
        + "helpers of each type"
    ),
    (
      ["combined stack size", "stack frames is"],
      "functions that call each other use more than 512 bytes of stack together: keep large values in a per-CPU array"
    ),
    (
      ["invalid indirect read from stack", "invalid read from stack", "!read_ok"],
      "something is read that was never written: set the whole value first, its padding too"
    ),
    (
      ["At program exit the register R0", "R0 is not a known value", "should have been in"],
      "the program returns a number that its hook does not know: return one of the hook's verdicts"
    ),
    (
      ["Unreleased reference", "reference has not been released", "reference leak"],
      "what was acquired (a ring's record, a socket, a task) must be released on every path"
    ),
    (
      ["invalid bpf_context access"],
      "a field of the context that programs of this type cannot read or write, or not with this size"
    ),
    (
      ["misaligned"],
      "the address must be a multiple of the size that is read"
    ),
    (
      ["cannot pass map_type"],
      "the helper does not work on maps of this type"
    ),
    (
      ["pointer arithmetic", "pointer arithmetic prohibited"],
      "addresses of this kind may not be calculated with: check for null first, and add only to what may be moved"
    ),
  ]
}

// SPDX-License-Identifier: Apache-2.0

import BPF
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite(.sameOnEveryKernel) struct BPFErrorTests {
  @Test(arguments: [
    (Errno.notPermitted, BPFError.Code.permission), (.noSuchFileOrDirectory, .notFound), (.fileExists, .exists),
    (.argListTooLong, .full), (.notSupported, .unsupported), (Errno(rawValue: 524), .unsupported),
    (.invalidArgument, .system),
  ])
  func codeFollowsErrno(errno: Errno, code: BPFError.Code) {
    #expect(BPFError("opening map 7", errno: errno).code == code)
  }

  @Test func messageNamesObjectCauseKernelAndRemedy() {
    let error = BPFError(
      .unsupported, "reading map counts in batches", errno: .invalidArgument, requires: "5.6",
      hint: "read it key by key")
    #expect(
      "\(error)" == "reading map counts in batches: not supported by this kernel (Invalid argument); "
        + "it needs Linux 5.6 or later; read it key by key")
  }

  @Test func contextGrowsOutwards() {
    let inner = BPFError("creating map counts", errno: .notPermitted)
    #expect(inner.within("loading execve.bpf.o").context == "loading execve.bpf.o: creating map counts")
    #expect("\(inner)".contains(getuid() == 0 ? "this process is root already" : "run as root"))
  }
}

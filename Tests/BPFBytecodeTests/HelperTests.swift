// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import Foundation
import Testing

@Suite struct HelperTests {
  @Test func listIsWhole() {
    #expect(Helper.allCases.count == 211)
    #expect(Helper.allCases.map(\.rawValue) == Array(1...211))
    #expect(Set(Helper.allCases.compactMap(\.name)).count == 211)
  }

  @Test(
    arguments: [
      (1, "map_lookup_elem", KernelVersion(3, 19)), (12, "tail_call", KernelVersion(4, 2)),
      (113, "probe_read_kernel", KernelVersion(5, 5)), (130, "ringbuf_output", KernelVersion(5, 8)),
      (141, "get_task_stack", KernelVersion(5, 9)), (155, "redirect_peer", KernelVersion(5, 10)),
      (181, "loop", KernelVersion(5, 17)), (209, "user_ringbuf_drain", KernelVersion(6, 1)),
      (211, "cgrp_storage_delete", KernelVersion(6, 2)),
    ] as [(UInt32, String, KernelVersion)])
  func knows(number: UInt32, name: String, since: KernelVersion) {
    let helper = Helper(rawValue: number)
    #expect(helper.name == name)
    #expect(helper.minimumKernel == since)
    #expect(Helper(named: name) == helper)
    #expect(Helper(named: "bpf_" + name) == helper)
  }

  @Test func constantsAgreeWithTheTable() {
    #expect(Helper.mapDeleteElement.name == "map_delete_elem")
    #expect(Helper.ktimeGetNS.name == "ktime_get_ns")
    #expect(Helper.getCurrentPIDTGID.name == "get_current_pid_tgid")
    #expect(Helper.getAttachCookie.name == "get_attach_cookie")
    #expect(Helper.probeReadKernel.name == "probe_read_kernel")
    #expect(Helper.ringbufOutput.name == "ringbuf_output")
  }

  @Test func unknownNumbersHaveNoName() {
    #expect(Helper(rawValue: 0).name == nil)
    #expect(Helper(rawValue: 212).name == nil)
    #expect(Helper(rawValue: .max).description == "helper 4294967295")
    #expect(Helper(named: "no_such_helper") == nil)
  }

  /// The header that this machine compiles kernel programs with, whichever kernel it is of, names the same helpers.
  @Test func agreesWithTheSystemHeader() throws {
    let header = try String(contentsOfFile: "/usr/include/linux/bpf.h", encoding: .utf8)
    let lists = header.split(separator: "_BPF_FUNC_MAPPER(FN").dropFirst().first
    let body = try #require(lists?.split(separator: "\n\n").first)
    var number = UInt32(0)
    for entry in body.matches(of: /FN\(([a-z0-9_]+)/) {
      if entry.1 != "unspec" { #expect(Helper(rawValue: number).name == String(entry.1)) }
      number += 1
    }
    #expect(number > 200)
  }
}

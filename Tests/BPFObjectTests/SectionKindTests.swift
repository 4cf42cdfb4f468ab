// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import Testing

@Suite struct SectionKindTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var section: String
    var type: ProgramType
    var attach: AttachType?
    var options: SectionKind.Options
    var hook: HookKind?

    init(
      _ section: String, _ type: ProgramType, _ attach: AttachType? = nil, _ options: SectionKind.Options = [],
      _ hook: HookKind? = nil
    ) {
      (self.section, self.type, self.attach) = (section, type, attach)
      (self.options, self.hook) = (options, hook)
    }
    var testDescription: String { section }
  }

  @Test(arguments: [
    Case("socket", .socketFilter, nil, [], .socket),
    Case("sk_reuseport", .skReuseport, .skReuseportSelect),
    Case("sk_reuseport/migrate", .skReuseport, .skReuseportSelectOrMigrate),
    Case("kprobe", .kprobe, nil, [], .kprobe),
    Case("kprobe/do_exit+0x10", .kprobe, nil, [], .kprobe),
    Case("kretprobe/do_exit", .kprobe, nil, [], .kretprobe),
    Case("kprobe.multi/tcp_*", .kprobe, .traceKprobeMulti, [], .kprobeMulti),
    Case("kretprobe.multi/tcp_*", .kprobe, .traceKprobeMulti, [], .kretprobeMulti),
    Case("kprobe.session/tcp_*", .kprobe, .traceKprobeSession, [], .kprobeSession),
    Case("ksyscall/openat", .kprobe, nil, [], .ksyscall),
    Case("kretsyscall/openat", .kprobe, nil, [], .kretsyscall),
    Case("uprobe//bin/sh:main", .kprobe, nil, [], .uprobe),
    Case("uretprobe.s//bin/sh:main", .kprobe, nil, [.isSleepable], .uretprobe),
    Case("uprobe.multi.s//bin/sh:*", .kprobe, .traceUprobeMulti, [.isSleepable], .uprobeMulti),
    Case("uprobe.session//bin/sh:*", .kprobe, .traceUprobeSession, [], .uprobeSession),
    Case("usdt/libc:libc:setjmp", .kprobe, nil, [.isUSDT], .usdt),
    Case("usdt.s/x:y:z", .kprobe, nil, [.isUSDT, .isSleepable], .usdt),
    Case("tc", .schedCLS, nil, [], .trafficControl), Case("classifier", .schedCLS), Case("action", .schedACT),
    Case("tc/ingress", .schedCLS, .tcxIngress, [], .ingress), Case("tcx/egress", .schedCLS, .tcxEgress, [], .egress),
    Case("netkit/primary", .schedCLS, .netkitPrimary, [], .netkit), Case("netkit/peer", .schedCLS, .netkitPeer),
    Case("tracepoint/syscalls/sys_enter_execve", .tracepoint, nil, [], .tracepoint),
    Case("tp/sched/sched_switch", .tracepoint, nil, [], .tracepoint),
    Case("raw_tp/sched_switch", .rawTracepoint, nil, [], .rawTracepoint),
    Case("raw_tracepoint.w/nbd_send", .rawTracepointWritable, nil, [], .rawTracepoint),
    Case("tp_btf/sched_process_exec", .tracing, .traceRawTP, [.attachesByBTF], .tracing),
    Case("fentry/do_exit", .tracing, .traceFentry, [.attachesByBTF], .tracing),
    Case("fexit.s/do_exit", .tracing, .traceFexit, [.attachesByBTF, .isSleepable], .tracing),
    Case("fmod_ret/do_exit", .tracing, .modifyReturn, [.attachesByBTF], .tracing),
    Case("fsession.s/do_exit", .tracing, .traceFsession, [.attachesByBTF, .isSleepable], .tracing),
    Case("fentry.multi/tcp_*", .tracing, .traceFentryMulti, [], .tracingMulti),
    Case("freplace/handler", .ext, nil, [.attachesByBTF], .tracing),
    Case("lsm/file_open", .lsm, .lsmMAC, [.attachesByBTF], .tracing),
    Case("lsm.s/file_open", .lsm, .lsmMAC, [.attachesByBTF, .isSleepable], .tracing),
    Case("lsm_cgroup/socket_bind", .lsm, .lsmCgroup, [.attachesByBTF], .cgroup),
    Case("iter/task", .tracing, .traceIter, [.attachesByBTF], .iterator),
    Case("iter.s/task", .tracing, .traceIter, [.attachesByBTF, .isSleepable], .iterator),
    Case("syscall", .syscall, nil, [.isSleepable], .unattached),
    Case("xdp", .xdp, .xdp, [], .xdp),
    Case("xdp.frags", .xdp, .xdp, [.xdpFragments]),
    Case("xdp/devmap", .xdp, .xdpDevmap, [], .unattached),
    Case("xdp.frags/cpumap", .xdp, .xdpCpumap, [.xdpFragments]),
    Case("perf_event", .perfEvent, nil, [], .perfEvent), Case("lwt_xmit", .lwtXmit),
    Case("lwt_seg6local", .lwtSeg6Local),
    Case("sockops", .sockOps, .cgroupSockOps),
    Case("sk_skb", .skSKB, nil, [], .socketMap),
    Case("sk_skb/verdict", .skSKB, .skSKBVerdict),
    Case("sk_msg", .skMsg, .skMsgVerdict),
    Case("flow_dissector", .flowDissector, .flowDissector),
    Case("cgroup/skb", .cgroupSKB, nil, [], .cgroup),
    Case("cgroup_skb/egress", .cgroupSKB, .cgroupInetEgress),
    Case("cgroup/connect_unix", .cgroupSockAddr, .cgroupUnixConnect),
    Case("cgroup/getsockopt", .cgroupSockopt, .cgroupGetsockopt),
    Case("cgroup/dev", .cgroupDevice, .cgroupDevice),
    Case("struct_ops/ssthresh", .structOps), Case("struct_ops.s/init", .structOps, nil, [.isSleepable]),
    Case("sk_lookup", .skLookup, .skLookup, [], .networkNamespace),
    Case("netfilter", .netfilter, .netfilter, [], .netfilter),
  ])
  func matches(_ expected: Case) throws {
    let kind = try #require(SectionKind.matching(expected.section))
    #expect(kind.programType == expected.type)
    #expect(kind.attachType == expected.attach)
    #expect(kind.options == expected.options)
    if let hook = expected.hook { #expect(kind.hook == hook) }
    if let minimum = kind.programType.minimumKernel { #expect(kind.minimumKernel >= minimum) }
  }

  /// A name matches as a whole, or up to a `/` where a target may follow.
  @Test(arguments: [
    "", "/", "kprobes", "kprobe.", "kprob/do_exit", "xdp/", "xdp/anything", "xdp_prog", "tc/both", "socket/filter",
    "fentry.multi.x/y", "?xdp", "cgroup/", "cgroup", ".text", "maps", "struct_opsx", "iter.x/task",
  ])
  func matchesNothing(_ section: String) {
    #expect(SectionKind.matching(section) == nil)
  }

  @Test func everyEntryIsFoundByItsName() {
    #expect(SectionKind.all.count == 116)
    for kind in SectionKind.all {
      #expect(SectionKind.matching(kind.name) == kind)
      #expect((SectionKind.matching(kind.name + "/target") == kind) == kind.takesTarget, "\(kind.name)")
    }
  }

  /// Raw values are the kernel's: the last of each enumeration that this library knows, and a name each way.
  @Test func kernelEnumerations() {
    #expect(ProgramType.netfilter.rawValue == 32)
    #expect(AttachType.netkitPeer.rawValue == 55)
    #expect(AttachType.traceUprobeSession.rawValue == 57)
    #expect(MapType.arena.rawValue == 33)
    #expect(ProgramType(name: "sched_cls") == .schedCLS)
    #expect(AttachType(name: "cgroup_udp6_recvmsg") == .cgroupUDP6Recvmsg)
    #expect(MapType(name: "lru_percpu_hash") == .lruPerCPUHash)
    #expect(MapType(name: "no_such_map") == nil)
    for type in ProgramType.allKnown { #expect(ProgramType(name: type.description) == type) }
    for type in AttachType.allKnown { #expect(AttachType(name: type.description) == type) }
    for type in MapType.allKnown { #expect(MapType(name: type.description) == type) }
    #expect(MapType(rawValue: 4000).description == "map type 4000")
    #expect(MapType(rawValue: 4000).minimumKernel == nil)
    #expect(MapType.ringBuffer.minimumKernel == KernelVersion(5, 8))
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFBytecode

extension SectionKind {
  /// libbpf's `section_defs`, in its order. A name that takes no target matches only as a whole, so that
  /// `sk_reuseport/migrate` and `sk_reuseport` are two entries.
  static let table: [SectionKind] = [
    entry("socket", .socketFilter, since: (3, 19)),
    entry("sk_reuseport/migrate", .skReuseport, .skReuseportSelectOrMigrate, since: (5, 14), [.isAttachable]),
    entry("sk_reuseport", .skReuseport, .skReuseportSelect, since: (4, 19), [.isAttachable]),
    entry("kprobe", .kprobe, since: (4, 1), target: true, attach: .kprobe(isReturn: false)),
    entry("uprobe", .kprobe, since: (4, 1), target: true, attach: .uprobe(isReturn: false)),
    entry("uprobe.s", .kprobe, since: (6, 0), target: true, [.isSleepable], attach: .uprobe(isReturn: false)),
    entry("kretprobe", .kprobe, since: (4, 1), target: true, attach: .kprobe(isReturn: true)),
    entry("uretprobe", .kprobe, since: (4, 1), target: true, attach: .uprobe(isReturn: true)),
    entry("uretprobe.s", .kprobe, since: (6, 0), target: true, [.isSleepable], attach: .uprobe(isReturn: true)),
    entry(
      "kprobe.multi", .kprobe, .traceKprobeMulti, since: (5, 18), target: true, attach: .kprobeMulti(isReturn: false)),
    entry(
      "kretprobe.multi", .kprobe, .traceKprobeMulti, since: (5, 18), target: true, attach: .kprobeMulti(isReturn: true)),
    entry("kprobe.session", .kprobe, .traceKprobeSession, since: (6, 10), target: true, attach: .kprobeSession),
    entry(
      "uprobe.multi", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, attach: .uprobeMulti(isReturn: false)),
    entry(
      "uretprobe.multi", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, attach: .uprobeMulti(isReturn: true)),
    entry("uprobe.session", .kprobe, .traceUprobeSession, since: (6, 13), target: true, attach: .uprobeSession),
    entry(
      "uprobe.multi.s", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, [.isSleepable],
      attach: .uprobeMulti(isReturn: false)),
    entry(
      "uretprobe.multi.s", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, [.isSleepable],
      attach: .uprobeMulti(isReturn: true)),
    entry(
      "uprobe.session.s", .kprobe, .traceUprobeSession, since: (6, 13), target: true, [.isSleepable],
      attach: .uprobeSession),
    entry("ksyscall", .kprobe, since: (4, 1), target: true, attach: .ksyscall(isReturn: false)),
    entry("kretsyscall", .kprobe, since: (4, 1), target: true, attach: .ksyscall(isReturn: true)),
    entry("usdt", .kprobe, since: (4, 1), target: true, [.isUSDT], attach: .usdt),
    entry("usdt.s", .kprobe, since: (6, 0), target: true, [.isUSDT, .isSleepable], attach: .usdt),
    entry("tc/ingress", .schedCLS, .tcxIngress, since: (4, 17)),
    entry("tc/egress", .schedCLS, .tcxEgress, since: (4, 17)),
    entry("tcx/ingress", .schedCLS, .tcxIngress, since: (6, 6)),
    entry("tcx/egress", .schedCLS, .tcxEgress, since: (6, 6)),
    entry("tc", .schedCLS, since: (4, 1)),
    entry("classifier", .schedCLS, since: (4, 1)),
    entry("action", .schedACT, since: (4, 1)),
    entry("netkit/primary", .schedCLS, .netkitPrimary, since: (6, 7)),
    entry("netkit/peer", .schedCLS, .netkitPeer, since: (6, 7)),
    entry("tracepoint", .tracepoint, since: (4, 7), target: true, attach: .tracepoint),
    entry("tp", .tracepoint, since: (4, 7), target: true, attach: .tracepoint),
    entry("tracepoint.s", .tracepoint, since: (7, 2), target: true, [.isSleepable], attach: .tracepoint),
    entry("tp.s", .tracepoint, since: (7, 2), target: true, [.isSleepable], attach: .tracepoint),
    entry("raw_tracepoint", .rawTracepoint, since: (4, 17), target: true, attach: .rawTracepoint),
    entry("raw_tp", .rawTracepoint, since: (4, 17), target: true, attach: .rawTracepoint),
    entry("raw_tracepoint.s", .rawTracepoint, since: (7, 2), target: true, [.isSleepable], attach: .rawTracepoint),
    entry("raw_tp.s", .rawTracepoint, since: (7, 2), target: true, [.isSleepable], attach: .rawTracepoint),
    entry("raw_tracepoint.w", .rawTracepointWritable, since: (5, 2), target: true, attach: .rawTracepoint),
    entry("raw_tp.w", .rawTracepointWritable, since: (5, 2), target: true, attach: .rawTracepoint),
    entry("tp_btf", .tracing, .traceRawTP, since: (5, 5), target: true, [.attachesByBTF], attach: .tracing),
    entry(
      "tp_btf.s", .tracing, .traceRawTP, since: (7, 2), target: true, [.attachesByBTF, .isSleepable], attach: .tracing),
    entry("fentry", .tracing, .traceFentry, since: (5, 5), target: true, [.attachesByBTF], attach: .tracing),
    entry("fmod_ret", .tracing, .modifyReturn, since: (5, 7), target: true, [.attachesByBTF], attach: .tracing),
    entry("fexit", .tracing, .traceFexit, since: (5, 5), target: true, [.attachesByBTF], attach: .tracing),
    entry(
      "fentry.s", .tracing, .traceFentry, since: (5, 10), target: true, [.attachesByBTF, .isSleepable], attach: .tracing
    ),
    entry(
      "fmod_ret.s", .tracing, .modifyReturn, since: (5, 10), target: true, [.attachesByBTF, .isSleepable],
      attach: .tracing),
    entry(
      "fexit.s", .tracing, .traceFexit, since: (5, 10), target: true, [.attachesByBTF, .isSleepable], attach: .tracing),
    entry("fsession", .tracing, .traceFsession, since: (7, 0), target: true, [.attachesByBTF], attach: .tracing),
    entry(
      "fsession.s", .tracing, .traceFsession, since: (7, 0), target: true, [.attachesByBTF, .isSleepable],
      attach: .tracing),
    entry("fsession.multi", .tracing, .traceFsessionMulti, since: (7, 2), target: true, attach: .tracingMulti),
    entry(
      "fsession.multi.s", .tracing, .traceFsessionMulti, since: (7, 2), target: true, [.isSleepable],
      attach: .tracingMulti),
    entry("fentry.multi", .tracing, .traceFentryMulti, since: (7, 2), target: true, attach: .tracingMulti),
    entry("fexit.multi", .tracing, .traceFexitMulti, since: (7, 2), target: true, attach: .tracingMulti),
    entry(
      "fentry.multi.s", .tracing, .traceFentryMulti, since: (7, 2), target: true, [.isSleepable], attach: .tracingMulti),
    entry(
      "fexit.multi.s", .tracing, .traceFexitMulti, since: (7, 2), target: true, [.isSleepable], attach: .tracingMulti),
    entry("freplace", .ext, since: (5, 6), target: true, [.attachesByBTF], attach: .tracing),
    entry("lsm", .lsm, .lsmMAC, since: (5, 7), target: true, [.attachesByBTF], attach: .lsm),
    entry("lsm.s", .lsm, .lsmMAC, since: (5, 10), target: true, [.attachesByBTF, .isSleepable], attach: .lsm),
    entry("lsm_cgroup", .lsm, .lsmCgroup, since: (6, 0), target: true, [.attachesByBTF]),
    entry("iter", .tracing, .traceIter, since: (5, 8), target: true, [.attachesByBTF], attach: .iterator),
    entry(
      "iter.s", .tracing, .traceIter, since: (5, 18), target: true, [.attachesByBTF, .isSleepable], attach: .iterator),
    entry("syscall", .syscall, since: (5, 14), [.isSleepable]),
    entry("xdp.frags/devmap", .xdp, .xdpDevmap, since: (5, 18), [.xdpFragments]),
    entry("xdp/devmap", .xdp, .xdpDevmap, since: (5, 8), [.isAttachable]),
    entry("xdp.frags/cpumap", .xdp, .xdpCpumap, since: (5, 18), [.xdpFragments]),
    entry("xdp/cpumap", .xdp, .xdpCpumap, since: (5, 9), [.isAttachable]),
    entry("xdp.frags", .xdp, .xdp, since: (5, 18), [.xdpFragments]),
    entry("xdp", .xdp, .xdp, since: (4, 8), [.isAttachable, .attachTypeIsOptional]),
    entry("perf_event", .perfEvent, since: (4, 9)),
    entry("lwt_in", .lwtIn, since: (4, 10)),
    entry("lwt_out", .lwtOut, since: (4, 10)),
    entry("lwt_xmit", .lwtXmit, since: (4, 10)),
    entry("lwt_seg6local", .lwtSeg6Local, since: (4, 18)),
    entry("sockops", .sockOps, .cgroupSockOps, since: (4, 13), [.isAttachable, .attachTypeIsOptional]),
    entry("sk_skb/stream_parser", .skSKB, .skSKBStreamParser, since: (4, 14), [.isAttachable, .attachTypeIsOptional]),
    entry(
      "sk_skb/stream_verdict", .skSKB, .skSKBStreamVerdict, since: (4, 14), [.isAttachable, .attachTypeIsOptional]),
    entry("sk_skb/verdict", .skSKB, .skSKBVerdict, since: (5, 13), [.isAttachable, .attachTypeIsOptional]),
    entry("sk_skb", .skSKB, since: (4, 14)),
    entry("sk_msg", .skMsg, .skMsgVerdict, since: (4, 17), [.isAttachable, .attachTypeIsOptional]),
    entry("lirc_mode2", .lircMode2, .lircMode2, since: (4, 18), [.isAttachable, .attachTypeIsOptional]),
    entry("flow_dissector", .flowDissector, .flowDissector, since: (4, 20), [.isAttachable, .attachTypeIsOptional]),
    entry(
      "cgroup_skb/ingress", .cgroupSKB, .cgroupInetIngress, since: (4, 10), [.isAttachable, .attachTypeIsOptional]),
    entry("cgroup_skb/egress", .cgroupSKB, .cgroupInetEgress, since: (4, 10), [.isAttachable, .attachTypeIsOptional]),
    entry("cgroup/skb", .cgroupSKB, since: (4, 10)),
    entry("cgroup/sock_create", .cgroupSock, .cgroupInetSockCreate, since: (4, 10), [.isAttachable]),
    entry("cgroup/sock_release", .cgroupSock, .cgroupInetSockRelease, since: (5, 9), [.isAttachable]),
    entry("cgroup/sock", .cgroupSock, .cgroupInetSockCreate, since: (4, 10), [.isAttachable, .attachTypeIsOptional]),
    entry("cgroup/post_bind4", .cgroupSock, .cgroupInet4PostBind, since: (4, 17), [.isAttachable]),
    entry("cgroup/post_bind6", .cgroupSock, .cgroupInet6PostBind, since: (4, 17), [.isAttachable]),
    entry("cgroup/bind4", .cgroupSockAddr, .cgroupInet4Bind, since: (4, 17), [.isAttachable]),
    entry("cgroup/bind6", .cgroupSockAddr, .cgroupInet6Bind, since: (4, 17), [.isAttachable]),
    entry("cgroup/connect4", .cgroupSockAddr, .cgroupInet4Connect, since: (4, 17), [.isAttachable]),
    entry("cgroup/connect6", .cgroupSockAddr, .cgroupInet6Connect, since: (4, 17), [.isAttachable]),
    entry("cgroup/connect_unix", .cgroupSockAddr, .cgroupUnixConnect, since: (6, 7), [.isAttachable]),
    entry("cgroup/sendmsg4", .cgroupSockAddr, .cgroupUDP4Sendmsg, since: (4, 18), [.isAttachable]),
    entry("cgroup/sendmsg6", .cgroupSockAddr, .cgroupUDP6Sendmsg, since: (4, 18), [.isAttachable]),
    entry("cgroup/sendmsg_unix", .cgroupSockAddr, .cgroupUnixSendmsg, since: (6, 7), [.isAttachable]),
    entry("cgroup/recvmsg4", .cgroupSockAddr, .cgroupUDP4Recvmsg, since: (5, 2), [.isAttachable]),
    entry("cgroup/recvmsg6", .cgroupSockAddr, .cgroupUDP6Recvmsg, since: (5, 2), [.isAttachable]),
    entry("cgroup/recvmsg_unix", .cgroupSockAddr, .cgroupUnixRecvmsg, since: (6, 7), [.isAttachable]),
    entry("cgroup/getpeername4", .cgroupSockAddr, .cgroupInet4Getpeername, since: (5, 8), [.isAttachable]),
    entry("cgroup/getpeername6", .cgroupSockAddr, .cgroupInet6Getpeername, since: (5, 8), [.isAttachable]),
    entry("cgroup/getpeername_unix", .cgroupSockAddr, .cgroupUnixGetpeername, since: (6, 7), [.isAttachable]),
    entry("cgroup/getsockname4", .cgroupSockAddr, .cgroupInet4Getsockname, since: (5, 8), [.isAttachable]),
    entry("cgroup/getsockname6", .cgroupSockAddr, .cgroupInet6Getsockname, since: (5, 8), [.isAttachable]),
    entry("cgroup/getsockname_unix", .cgroupSockAddr, .cgroupUnixGetsockname, since: (6, 7), [.isAttachable]),
    entry("cgroup/sysctl", .cgroupSysctl, .cgroupSysctl, since: (5, 2), [.isAttachable]),
    entry("cgroup/getsockopt", .cgroupSockopt, .cgroupGetsockopt, since: (5, 3), [.isAttachable]),
    entry("cgroup/setsockopt", .cgroupSockopt, .cgroupSetsockopt, since: (5, 3), [.isAttachable]),
    entry("cgroup/dev", .cgroupDevice, .cgroupDevice, since: (4, 15), [.isAttachable, .attachTypeIsOptional]),
    entry("struct_ops", .structOps, since: (5, 6), target: true),
    entry("struct_ops.s", .structOps, since: (6, 3), target: true, [.isSleepable]),
    entry("sk_lookup", .skLookup, .skLookup, since: (5, 9), [.isAttachable]),
    entry("netfilter", .netfilter, .netfilter, since: (6, 4)),
  ]

  private static func entry(
    _ name: String, _ programType: ProgramType, _ attachType: AttachType? = nil, since: (Int, Int),
    target: Bool = false, _ options: Options = [], attach: Attachment = .none
  ) -> SectionKind {
    SectionKind(
      name: name, takesTarget: target, programType: programType, attachType: attachType, options: options,
      attachment: attach, minimumKernel: KernelVersion(since.0, since.1))
  }
}

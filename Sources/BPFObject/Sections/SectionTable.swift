// SPDX-License-Identifier: Apache-2.0

import BPFBytecode

extension SectionKind {
  /// libbpf's `section_defs`, in its order. A name without a target matches only as a whole, so that
  /// `sk_reuseport/migrate` and `sk_reuseport` are two entries.
  static let table: [SectionKind] = [
    entry("socket", .socketFilter, since: (3, 19)),
    entry("sk_reuseport/migrate", .skReuseport, .skReuseportSelectOrMigrate, since: (5, 14)),
    entry("sk_reuseport", .skReuseport, .skReuseportSelect, since: (4, 19)),
    entry("kprobe", .kprobe, since: (4, 1), target: true, hook: .kprobe),
    entry("uprobe", .kprobe, since: (4, 1), target: true, hook: .uprobe),
    entry("uprobe.s", .kprobe, since: (6, 0), target: true, [.isSleepable], hook: .uprobe),
    entry("kretprobe", .kprobe, since: (4, 1), target: true, hook: .kretprobe),
    entry("uretprobe", .kprobe, since: (4, 1), target: true, hook: .uretprobe),
    entry("uretprobe.s", .kprobe, since: (6, 0), target: true, [.isSleepable], hook: .uretprobe),
    entry(
      "kprobe.multi", .kprobe, .traceKprobeMulti, since: (5, 18), target: true, hook: .kprobeMulti),
    entry(
      "kretprobe.multi", .kprobe, .traceKprobeMulti, since: (5, 18), target: true, hook: .kretprobeMulti),
    entry("kprobe.session", .kprobe, .traceKprobeSession, since: (6, 10), target: true, hook: .kprobeSession),
    entry(
      "uprobe.multi", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, hook: .uprobeMulti),
    entry(
      "uretprobe.multi", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, hook: .uretprobeMulti),
    entry("uprobe.session", .kprobe, .traceUprobeSession, since: (6, 13), target: true, hook: .uprobeSession),
    entry(
      "uprobe.multi.s", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, [.isSleepable],
      hook: .uprobeMulti),
    entry(
      "uretprobe.multi.s", .kprobe, .traceUprobeMulti, since: (6, 6), target: true, [.isSleepable],
      hook: .uretprobeMulti),
    entry(
      "uprobe.session.s", .kprobe, .traceUprobeSession, since: (6, 13), target: true, [.isSleepable],
      hook: .uprobeSession),
    entry("ksyscall", .kprobe, since: (4, 1), target: true, hook: .ksyscall),
    entry("kretsyscall", .kprobe, since: (4, 1), target: true, hook: .kretsyscall),
    entry("usdt", .kprobe, since: (4, 1), target: true, [.isUSDT], hook: .usdt),
    entry("usdt.s", .kprobe, since: (6, 0), target: true, [.isUSDT, .isSleepable], hook: .usdt),
    entry("tc/ingress", .schedCLS, .tcxIngress, since: (4, 17)),
    entry("tc/egress", .schedCLS, .tcxEgress, since: (4, 17)),
    entry("tcx/ingress", .schedCLS, .tcxIngress, since: (6, 6)),
    entry("tcx/egress", .schedCLS, .tcxEgress, since: (6, 6)),
    entry("tc", .schedCLS, since: (4, 1)),
    entry("classifier", .schedCLS, since: (4, 1)),
    entry("action", .schedACT, since: (4, 1)),
    entry("netkit/primary", .schedCLS, .netkitPrimary, since: (6, 7)),
    entry("netkit/peer", .schedCLS, .netkitPeer, since: (6, 7)),
    entry("tracepoint", .tracepoint, since: (4, 7), target: true),
    entry("tp", .tracepoint, since: (4, 7), target: true),
    entry("tracepoint.s", .tracepoint, since: (7, 2), target: true, [.isSleepable]),
    entry("tp.s", .tracepoint, since: (7, 2), target: true, [.isSleepable]),
    entry("raw_tracepoint", .rawTracepoint, since: (4, 17), target: true),
    entry("raw_tp", .rawTracepoint, since: (4, 17), target: true),
    entry("raw_tracepoint.s", .rawTracepoint, since: (7, 2), target: true, [.isSleepable]),
    entry("raw_tp.s", .rawTracepoint, since: (7, 2), target: true, [.isSleepable]),
    entry("raw_tracepoint.w", .rawTracepointWritable, since: (5, 2), target: true),
    entry("raw_tp.w", .rawTracepointWritable, since: (5, 2), target: true),
    entry("tp_btf", .tracing, .traceRawTP, since: (5, 5), target: true, [.attachesByBTF]),
    entry(
      "tp_btf.s", .tracing, .traceRawTP, since: (7, 2), target: true, [.attachesByBTF, .isSleepable]),
    entry("fentry", .tracing, .traceFentry, since: (5, 5), target: true, [.attachesByBTF]),
    entry("fmod_ret", .tracing, .modifyReturn, since: (5, 7), target: true, [.attachesByBTF]),
    entry("fexit", .tracing, .traceFexit, since: (5, 5), target: true, [.attachesByBTF]),
    entry(
      "fentry.s", .tracing, .traceFentry, since: (5, 10), target: true, [.attachesByBTF, .isSleepable]
    ),
    entry(
      "fmod_ret.s", .tracing, .modifyReturn, since: (5, 10), target: true, [.attachesByBTF, .isSleepable]),
    entry(
      "fexit.s", .tracing, .traceFexit, since: (5, 10), target: true, [.attachesByBTF, .isSleepable]),
    entry("fsession", .tracing, .traceFsession, since: (7, 0), target: true, [.attachesByBTF]),
    entry(
      "fsession.s", .tracing, .traceFsession, since: (7, 0), target: true, [.attachesByBTF, .isSleepable]),
    entry("fsession.multi", .tracing, .traceFsessionMulti, since: (7, 2), target: true, hook: .tracingMulti),
    entry(
      "fsession.multi.s", .tracing, .traceFsessionMulti, since: (7, 2), target: true, [.isSleepable],
      hook: .tracingMulti),
    entry("fentry.multi", .tracing, .traceFentryMulti, since: (7, 2), target: true, hook: .tracingMulti),
    entry("fexit.multi", .tracing, .traceFexitMulti, since: (7, 2), target: true, hook: .tracingMulti),
    entry(
      "fentry.multi.s", .tracing, .traceFentryMulti, since: (7, 2), target: true, [.isSleepable], hook: .tracingMulti),
    entry(
      "fexit.multi.s", .tracing, .traceFexitMulti, since: (7, 2), target: true, [.isSleepable], hook: .tracingMulti),
    entry("freplace", .ext, since: (5, 6), target: true, [.attachesByBTF]),
    entry("lsm", .lsm, .lsmMAC, since: (5, 7), target: true, [.attachesByBTF]),
    entry("lsm.s", .lsm, .lsmMAC, since: (5, 10), target: true, [.attachesByBTF, .isSleepable]),
    entry("lsm_cgroup", .lsm, .lsmCgroup, since: (6, 0), target: true, [.attachesByBTF]),
    entry("iter", .tracing, .traceIter, since: (5, 8), target: true, [.attachesByBTF]),
    entry(
      "iter.s", .tracing, .traceIter, since: (5, 18), target: true, [.attachesByBTF, .isSleepable]),
    entry("syscall", .syscall, since: (5, 14), [.isSleepable]),
    entry("xdp.frags/devmap", .xdp, .xdpDevmap, since: (5, 18), [.xdpFragments]),
    entry("xdp/devmap", .xdp, .xdpDevmap, since: (5, 8)),
    entry("xdp.frags/cpumap", .xdp, .xdpCpumap, since: (5, 18), [.xdpFragments]),
    entry("xdp/cpumap", .xdp, .xdpCpumap, since: (5, 9)),
    entry("xdp.frags", .xdp, .xdp, since: (5, 18), [.xdpFragments]),
    entry("xdp", .xdp, .xdp, since: (4, 8)),
    entry("perf_event", .perfEvent, since: (4, 9)),
    entry("lwt_in", .lwtIn, since: (4, 10)),
    entry("lwt_out", .lwtOut, since: (4, 10)),
    entry("lwt_xmit", .lwtXmit, since: (4, 10)),
    entry("lwt_seg6local", .lwtSeg6Local, since: (4, 18)),
    entry("sockops", .sockOps, .cgroupSockOps, since: (4, 13)),
    entry("sk_skb/stream_parser", .skSKB, .skSKBStreamParser, since: (4, 14)),
    entry(
      "sk_skb/stream_verdict", .skSKB, .skSKBStreamVerdict, since: (4, 14)),
    entry("sk_skb/verdict", .skSKB, .skSKBVerdict, since: (5, 13)),
    entry("sk_skb", .skSKB, since: (4, 14)),
    entry("sk_msg", .skMsg, .skMsgVerdict, since: (4, 17)),
    entry("lirc_mode2", .lircMode2, .lircMode2, since: (4, 18)),
    entry("flow_dissector", .flowDissector, .flowDissector, since: (4, 20)),
    entry(
      "cgroup_skb/ingress", .cgroupSKB, .cgroupInetIngress, since: (4, 10)),
    entry("cgroup_skb/egress", .cgroupSKB, .cgroupInetEgress, since: (4, 10)),
    entry("cgroup/skb", .cgroupSKB, since: (4, 10)),
    entry("cgroup/sock_create", .cgroupSock, .cgroupInetSockCreate, since: (4, 10)),
    entry("cgroup/sock_release", .cgroupSock, .cgroupInetSockRelease, since: (5, 9)),
    entry("cgroup/sock", .cgroupSock, .cgroupInetSockCreate, since: (4, 10)),
    entry("cgroup/post_bind4", .cgroupSock, .cgroupInet4PostBind, since: (4, 17)),
    entry("cgroup/post_bind6", .cgroupSock, .cgroupInet6PostBind, since: (4, 17)),
    entry("cgroup/bind4", .cgroupSockAddr, .cgroupInet4Bind, since: (4, 17)),
    entry("cgroup/bind6", .cgroupSockAddr, .cgroupInet6Bind, since: (4, 17)),
    entry("cgroup/connect4", .cgroupSockAddr, .cgroupInet4Connect, since: (4, 17)),
    entry("cgroup/connect6", .cgroupSockAddr, .cgroupInet6Connect, since: (4, 17)),
    entry("cgroup/connect_unix", .cgroupSockAddr, .cgroupUnixConnect, since: (6, 7)),
    entry("cgroup/sendmsg4", .cgroupSockAddr, .cgroupUDP4Sendmsg, since: (4, 18)),
    entry("cgroup/sendmsg6", .cgroupSockAddr, .cgroupUDP6Sendmsg, since: (4, 18)),
    entry("cgroup/sendmsg_unix", .cgroupSockAddr, .cgroupUnixSendmsg, since: (6, 7)),
    entry("cgroup/recvmsg4", .cgroupSockAddr, .cgroupUDP4Recvmsg, since: (5, 2)),
    entry("cgroup/recvmsg6", .cgroupSockAddr, .cgroupUDP6Recvmsg, since: (5, 2)),
    entry("cgroup/recvmsg_unix", .cgroupSockAddr, .cgroupUnixRecvmsg, since: (6, 7)),
    entry("cgroup/getpeername4", .cgroupSockAddr, .cgroupInet4Getpeername, since: (5, 8)),
    entry("cgroup/getpeername6", .cgroupSockAddr, .cgroupInet6Getpeername, since: (5, 8)),
    entry("cgroup/getpeername_unix", .cgroupSockAddr, .cgroupUnixGetpeername, since: (6, 7)),
    entry("cgroup/getsockname4", .cgroupSockAddr, .cgroupInet4Getsockname, since: (5, 8)),
    entry("cgroup/getsockname6", .cgroupSockAddr, .cgroupInet6Getsockname, since: (5, 8)),
    entry("cgroup/getsockname_unix", .cgroupSockAddr, .cgroupUnixGetsockname, since: (6, 7)),
    entry("cgroup/sysctl", .cgroupSysctl, .cgroupSysctl, since: (5, 2)),
    entry("cgroup/getsockopt", .cgroupSockopt, .cgroupGetsockopt, since: (5, 3)),
    entry("cgroup/setsockopt", .cgroupSockopt, .cgroupSetsockopt, since: (5, 3)),
    entry("cgroup/dev", .cgroupDevice, .cgroupDevice, since: (4, 15)),
    entry("struct_ops", .structOps, since: (5, 6), target: true),
    entry("struct_ops.s", .structOps, since: (6, 3), target: true, [.isSleepable]),
    entry("sk_lookup", .skLookup, .skLookup, since: (5, 9)),
    entry("netfilter", .netfilter, .netfilter, since: (6, 4)),
  ]

  private static func entry(
    _ name: String, _ programType: ProgramType, _ attachType: AttachType? = nil, since: (Int, Int),
    target: Bool = false, _ options: Options = [], hook: HookKind? = nil
  ) -> SectionKind {
    SectionKind(
      name: name, takesTarget: target, programType: programType, attachType: attachType, options: options,
      hook: hook ?? HookKind(programType, attachType), minimumKernel: KernelVersion(since.0, since.1))
  }
}

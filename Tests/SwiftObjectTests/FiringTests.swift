// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFObject
import BPFSystem
import Foundation
import SwiftObjects
import TestSupport
import Testing

/// Every program of every object is attached where it belongs, and runs when something happens there. Operations of
/// kernel structures are called by the kernel as it likes: those are ``CongestionTests``'s.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.cgroup2), .requires(.command("perl")), .serialized)
struct FiringTests {
  @Test(arguments: SwiftCorpus.names.filter { $0 != "congestion" }) func everyProgramRuns(_ name: String) throws {
    let statistics = try Program.RunTimeStatistics()
    let programs = try SwiftCorpus.programs(name).can
    guard !programs.isEmpty else { return }
    let collection = try SwiftCorpus.load(name, programs)
    let places = Places()
    for name in programs {
      let program = try collection.program(name)
      let hasRun = try places.fire(program, try #require(collection.spec[program: name]))
      #expect(hasRun, "\(name) did not run")
    }
    withExtendedLifetime(statistics) {}
  }
}

extension Program {
  /// Whether it runs when something happens. What arrives is looked at a moment later, and a program may be passed over:
  /// see `BPFCollection.rises` of BPFTests. So it happens until then.
  fileprivate func runs(when something: () throws -> Void) throws -> Bool {
    let before = try sample()
    return try eventually {
      try something()
      return try sample().since(before).runCount > 0
    }
  }
}

/// Where programs are attached, made when the first of a kind is.
private final class Places {
  private lazy var wire = Result { try Wire() }
  private lazy var cgroup = Result { try TestCgroup() }
  private lazy var probed = Result { try ProbedProgram() }

  /// Attaches a program, lets something happen, and detaches it: whether it ran.
  func fire(_ program: Program, _ spec: ProgramSpec) throws -> Bool {
    switch program.type {
    case .xdp: return try onPackets(program) { .xdp(interface: .index($0)) }
    case .schedCLS: return try onPackets(program) { .trafficControl(interface: .index($0), direction: .ingress) }
    case .cgroupSKB, .cgroupSock, .cgroupSockAddr, .cgroupSockopt, .cgroupSysctl, .cgroupDevice, .sockOps:
      return try inCgroup(program)
    case .skLookup:
      return try onLoopback(program, .networkNamespace(path: "/proc/thread-self/ns/net")) { _ = try TestStream.pair() }
    case .netfilter:
      return try onLoopback(program, .netfilter(family: .ipv4, hook: .localIn, priority: 0)) {
        _ = try TestStream.pair()
      }
    case .socketFilter, .skReuseport: return try onSocket(program)
    case .skMsg, .skSKB: return try onSockets(program)
    case .perfEvent: return try onClock(program)
    case .syscall:
      return try program.runs {
        var number: UInt64 = 41
        _ = try program.testRun(context: &number)
      }
    case .kprobe where spec.sectionName.hasPrefix("u"): return try inUserCode(program, spec.sectionName)
    default: return try inKernel(program, isIterator: spec.sectionName.hasPrefix("iter/"))
    }
  }

  private func onPackets(_ program: Program, _ hook: (UInt32) -> Hook) throws -> Bool {
    let wire = try wire.get()
    let hook = hook(UInt32(wire.pair.nearIndex))
    return try wire.pair.near.run {
      let link = try program.attach(to: hook)
      let hasRun = try program.runs { try wire.send() }
      try link.detach()
      return hasRun
    }
  }

  /// A process of the cgroup opens sockets and files.
  private func inCgroup(_ program: Program) throws -> Bool {
    let (cgroup, wire) = (try cgroup.get(), try wire.get())
    let script = """
      socket(S,AF_INET,SOCK_STREAM,0); getsockopt(S,SOL_SOCKET,SO_ERROR); bind(S,sockaddr_in(0,INADDR_LOOPBACK));
      connect(S,sockaddr_in(9,INADDR_LOOPBACK)); socket(T,AF_INET6,SOCK_STREAM,0);
      connect(T,pack_sockaddr_in6(9,inet_pton(AF_INET6,'::1'))); open(F,'<','/dev/zero');
      open(G,'<','/proc/sys/net/ipv4/ip_default_ttl'); sysread(G,$x,9)
      """
    return try wire.pair.near.run {
      let link = try program.attach(to: .cgroup(path: cgroup.path))
      let hasRun = try program.runs { _ = try cgroup.run(["perl", "-MSocket=:all", "-e", script]) }
      try link.detach()
      return hasRun
    }
  }

  private func onLoopback(_ program: Program, _ hook: Hook, _ body: @escaping @Sendable () throws -> Void) throws
    -> Bool
  {
    try TestNamespace().run {
      let link = try program.attach(to: hook)
      let hasRun = try program.runs(when: body)
      try link.detach()
      return hasRun
    }
  }

  private func onSocket(_ program: Program) throws -> Bool {
    try TestNamespace().run {
      let receiver = try TestSocket(address: "127.0.0.1", port: 7500, sharesPort: true)
      let link = try program.attach(to: .socket(descriptor: receiver.descriptor))
      let hasRun = try program.runs { try TestSocket().send([1], to: "127.0.0.1", port: 7500) }
      try link.detach()
      return hasRun
    }
  }

  /// Both ends of a connection in a map of sockets.
  private func onSockets(_ program: Program) throws -> Bool {
    let map = try AnyMap(creating: MapParameters(.sockmap, keySize: 4, valueSize: 4, maxEntries: 2))
    return try TestNamespace().run {
      let link = try program.attach(to: .sockmap(map))
      let (near, far) = try TestStream.pair()
      let sockets = try DescriptorMap<UInt32>(map)
      try sockets.set(descriptor: near.descriptor, for: 0)
      try sockets.set(descriptor: far.descriptor, for: 1)
      // A verdict may be that it is not to be sent.
      let hasRun = try program.runs { try? near.send("12345678") }
      try link.detach()
      return hasRun
    }
  }

  private func onClock(_ program: Program) throws -> Bool {
    var clock = PerfEvent(type: 1, config: 1)  // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK
    clock.samplePeriod = 1_000_000
    let event = try Perf.open(clock, processID: 0)
    let link = try program.attach(to: .perfEvent(descriptor: event.rawValue))
    let hasRun = try program.runs { _ = (0..<200_000).reduce(0, &+) }
    try link.detach()
    return hasRun
  }

  private func inUserCode(_ program: Program, _ section: String) throws -> Bool {
    if section.hasPrefix("usdt") {
      let probed = try probed.get()
      let link = try program.attach(to: .usdt(Hook.USDT(path: probed.path, provider: "merops", name: "plain")))
      let hasRun = try program.runs { try probed.run() }
      try link.detach()
      return hasRun
    }
    let place = Hook.Uprobe(
      path: ProbedFunction.library, symbol: ProbedFunction.makedev, isReturn: section.hasPrefix("uretprobe"),
      processID: getpid())
    let link = try program.attach(to: .uprobe(place))
    let hasRun = try program.runs { ProbedFunction.callMakedev(8, 1) }
    try link.detach()
    return hasRun
  }

  /// Its section says where: among what every process does.
  private func inKernel(_ program: Program, isIterator: Bool) throws -> Bool {
    let link = try program.attach()
    let hasRun = try program.runs {
      if isIterator { _ = try link.output() }
      try Shell.check(["/bin/true"])
      // A folder is no program: this comes back.
      let folder = open("/", O_RDONLY | O_CLOEXEC)
      var nothing: UnsafeMutablePointer<CChar>?
      #expect(fexecve(folder, &nothing, &nothing) == -1)
      close(folder)
      try TestNamespace().run { _ = try TestStream.pair() }
    }
    try link.detach()
    return hasRun
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Foundation
import TestSupport
import Testing

@testable import BPF

/// Programs on a cgroup that the test made: they see what the processes in it do, and nothing else.
@Suite(.requires(.root), .requires(.cgroup2), .requires(.command("perl"))) struct CgroupLinkTests {
  /// Runs Perl with sockets in a cgroup.
  private func perl(_ script: String, in cgroup: TestCgroup) throws -> Shell.Result {
    try cgroup.run(["perl", "-MSocket=:all", "-e", script])
  }

  private static let datagram = "socket(S,AF_INET,SOCK_DGRAM,0)||die; "
  private static let loopback = "inet_aton('127.0.0.1')"

  @Test func packets() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("cgroup", only: ["on_egress", "on_ingress"])
    try namespace.run {
      let receiver = try TestSocket(address: "127.0.0.1", port: 7001)
      let script = Self.datagram + "send(S,'hello',0,sockaddr_in(7001,\(Self.loopback)))||die"
      let egress = try collection.program("on_egress").attach(to: .cgroup(path: cgroup.path))
      let ingress = try collection.program("on_ingress").attach(to: .cgroup(path: cgroup.path))
      #expect(try perl(script, in: cgroup).status == 0)
      #expect(receiver.receive() == Array("hello".utf8))
      #expect(try collection.counter("egress_packets") == 1)
      // The receiver is outside.
      #expect(try collection.counter("ingress_packets") == 0)
      try collection.setGlobal("allow_egress", to: UInt32(0))
      #expect(try perl(script, in: cgroup).status != 0)
      #expect(receiver.receive(milliseconds: 0) == nil)
      #expect(try collection.counter("egress_packets") == 2)
      try egress.detach()
      #expect(try perl(script, in: cgroup).status == 0)
      #expect(receiver.receive() == Array("hello".utf8))
      let both =
        Self.datagram + """
          bind(S,sockaddr_in(7002,\(Self.loopback)))||die; send(S,'x',0,sockaddr_in(7002,\(Self.loopback)))||die;
          recv(S,$x,9,0); exit($x ne 'x')
          """
      #expect(try perl(both, in: cgroup).status == 0)
      #expect(try collection.counter("ingress_packets") == 1)
      try ingress.detach()
    }
  }

  @Test func socketsAndAddresses() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("cgroup", only: ["on_create", "on_bind", "on_connect"])
    try namespace.run {
      let links = LinkSet()
      for name in ["on_create", "on_bind", "on_connect"] {
        links.keep(try collection.program(name).attach(to: .cgroup(path: cgroup.path)), as: name)
      }
      let listener = try TestStream.listening(on: 2222)
      func connecting(to port: Int) -> String {
        "socket(S,AF_INET,SOCK_STREAM,0)||exit 3; connect(S,sockaddr_in(\(port),\(Self.loopback)))||exit 4; print S 1"
      }
      // Sent elsewhere, and refused.
      #expect(try perl(connecting(to: 1111), in: cgroup).status == 0)
      let connection = try listener.accepted()
      #expect(connection.receive() == "1")
      #expect(try perl(connecting(to: 9999), in: cgroup).status == 4)
      #expect(try collection.counter("connects") == 2)
      #expect(try collection.counter("sockets") >= 2)
      let binding = Self.datagram + "bind(S,sockaddr_in(9999,\(Self.loopback)))||exit 5; "
      #expect(try perl(binding, in: cgroup).status == 5)
      #expect(try collection.counter("binds") == 1)
      // Outside nothing is refused.
      _ = try TestSocket(address: "127.0.0.1", port: 9999)
      try collection.setGlobal("allow_sockets", to: UInt32(0))
      #expect(try perl(connecting(to: 1111), in: cgroup).status == 3)
      links.removeAll()
      // Until whoever lists links lets go of them.
      #expect(try eventually { try perl(connecting(to: 2222), in: cgroup).status == 0 })
    }
  }

  @Test func options() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("cgroup", only: ["on_getsockopt", "on_setsockopt"])
    try namespace.run {
      let get = try collection.program("on_getsockopt").attach(to: .cgroup(path: cgroup.path))
      let set = try collection.program("on_setsockopt").attach(to: .cgroup(path: cgroup.path))
      let script =
        Self.datagram + """
          setsockopt(S,SOL_SOCKET,SO_REUSEADDR,pack('l',1))||die; getsockopt(S,SOL_SOCKET,SO_REUSEADDR)||die
          """
      #expect(try collection.rise(of: "options") { _ = try perl(script, in: cgroup) } == 2)
      try get.detach()
      #expect(try collection.rise(of: "options") { _ = try perl(script, in: cgroup) } == 1)
      try set.detach()
      #expect(try collection.rise(of: "options") { _ = try perl(script, in: cgroup) } == 0)
    }
  }

  @Test func sysctls() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("cgroup", only: ["on_sysctl"])
    try namespace.run {
      let link = try collection.program("on_sysctl").attach(to: .cgroup(path: cgroup.path))
      let reading = "open(F,'<','/proc/sys/net/ipv4/ip_default_ttl')||exit 3; sysread(F,$x,9)||exit 4"
      let writing = "open(F,'>','/proc/sys/net/ipv4/ip_default_ttl')||exit 3; syswrite(F,'64')||exit 4"
      #expect(try perl(reading, in: cgroup).status == 0)
      #expect(try collection.counter("sysctls") >= 1)
      try collection.setGlobal("allow_sysctl", to: UInt32(0))
      #expect(try perl(writing, in: cgroup).status == 4)
      #expect(try perl(reading, in: cgroup).status == 0)
      try link.detach()
      #expect(try perl(writing, in: cgroup).status == 0)
    }
  }

  @Test func devices() throws {
    let cgroup = try TestCgroup()
    let collection = try load("cgroup", only: ["on_device"])
    let reading = ["head", "-c1", "/dev/zero"]
    do {
      let link = try collection.program("on_device").attach(to: .cgroup(path: cgroup.path))
      #expect(try cgroup.run(reading).status == 0)
      #expect(try collection.counter("devices") > 0)
      try collection.setGlobal("allow_devices", to: UInt32(0))
      let refused = try cgroup.run(reading)
      #expect(refused.output.contains("Operation not permitted"), "\(refused)")
      let isKernelLink = link.isKernelLink
      #expect(isKernelLink)
    }
    #expect(try eventually { try cgroup.run(reading).status == 0 })
  }

  @Test func connectionEvents() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("cgroup", only: ["on_sock_ops"])
    try namespace.run {
      let listener = try TestStream.listening()
      let script =
        "socket(S,AF_INET,SOCK_STREAM,0)||die; connect(S,sockaddr_in(\(listener.port),\(Self.loopback)))||die"
      let link = try collection.program("on_sock_ops").attach(to: .cgroup(path: cgroup.path))
      #expect(try collection.rise(of: "sock_ops") { _ = try perl(script, in: cgroup) } > 0)
      try link.detach()
      #expect(try collection.rise(of: "sock_ops") { _ = try perl(script, in: cgroup) } == 0)
    }
  }

  /// Each hook of an address counts what one script does in both families.
  @Test func everyAddressHook() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("cgroup_addresses")
    let names = collection.programs.map(\.name)
    let counts = try namespace.run {
      let links = LinkSet()
      for name in names { links.keep(try collection.program(name).attach(to: .cgroup(path: cgroup.path)), as: name) }
      let script = """
        for (['AF_INET', sub { sockaddr_in($_[0], inet_aton('127.0.0.1')) }],
             ['AF_INET6', sub { sockaddr_in6($_[0], inet_pton(AF_INET6, '::1')) }]) {
          my ($family, $address) = ($_->[0] eq 'AF_INET' ? AF_INET : AF_INET6, $_->[1]);
          socket(A,$family,SOCK_DGRAM,0)||die; socket(B,$family,SOCK_DGRAM,0)||die;
          bind(A,$address->(7100))||die "bind"; send(B,'x',0,$address->(7100))||die "send";
          defined(recv(A,$x,9,0))||die "recv"; connect(B,$address->(7100))||die "connect";
          getsockname(B)||die "name"; getpeername(B)||die "peer"; close A; close B;
        }
        """
      let result = try perl(script, in: cgroup)
      #expect(result.status == 0, "\(result.output)")
      links.removeAll()
      return try names.map { try collection.counter(String($0.dropFirst("on_".count))) }
    }
    #expect(names.count == 13)
    for (name, count) in zip(names, counts) { #expect(count > 0, "\(name)") }
  }

  @Test(.works(from: "6.7")) func unixAddresses() throws {
    let cgroup = try TestCgroup()
    let collection = try load("cgroup_unix", only: ["on_connect", "on_name"])
    let connects = try collection.program("on_connect").attach(to: .cgroup(path: cgroup.path))
    let names = try collection.program("on_name").attach(to: .cgroup(path: cgroup.path))
    let folder = FileManager.default.temporaryDirectory.path + "/merops-unix-\(UUID().uuidString)"
    let script = """
      socket(L,AF_UNIX,SOCK_STREAM,0)||die; bind(L,sockaddr_un('\(folder)'))||die; listen(L,1)||die;
      socket(S,AF_UNIX,SOCK_STREAM,0)||die; $ok = connect(S,sockaddr_un('\(folder)')); unlink('\(folder)');
      getsockname(L); exit($ok ? 0 : 4)
      """
    #expect(try perl(script, in: cgroup).status == 0)
    #expect(try collection.counter("connects") == 1)
    #expect(try collection.counter("names") == 1)
    try collection.setGlobal("allow", to: UInt32(0))
    #expect(try perl(script, in: cgroup).status == 4)
    try connects.detach()
    try names.detach()
  }

  /// Another program in its place, without a moment between.
  @Test func exchanged() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let (first, second) = (try load("cgroup", only: ["on_egress"]), try load("cgroup", only: ["on_egress"]))
    try second.setGlobal("allow_egress", to: UInt32(0))
    try namespace.run {
      let script = Self.datagram + "send(S,'x',0,sockaddr_in(7001,\(Self.loopback)))||exit 3"
      let link = try first.program("on_egress").attach(to: .cgroup(path: cgroup.path))
      #expect(try perl(script, in: cgroup).status == 0)
      try link.update(to: second.program("on_egress"), expecting: first.program("on_egress"))
      #expect(try perl(script, in: cgroup).status == 3)
      #expect(try second.counter("egress_packets") == 1)
      #expect(throws: BPFError.self) {
        try link.update(to: first.program("on_egress"), expecting: first.program("on_egress"))
      }
      let info = try link.info()
      var status = stat()
      #expect(stat(cgroup.path, &status) == 0)
      #expect(info.type == .cgroup && info.cgroupID == UInt64(status.st_ino))
      #expect(info.attachType == .cgroupInetEgress)
      try link.detach()
    }
  }

  /// A parent's program sees what happens in the child.
  @Test func theChildIsSeen() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let child = try cgroup.child("inner")
    let collection = try load("cgroup", only: ["on_create"])
    try namespace.run {
      let link = try collection.program("on_create").attach(to: .cgroup(path: cgroup.path))
      #expect(try collection.rise(of: "sockets") { _ = try perl(Self.datagram, in: child) } == 1)
      try link.detach()
    }
  }

  /// Later stable releases of older kernels may have it too: no claim about those.
  @Test(.requires(kernel: "6.17")) func inOrder() throws {
    let cgroup = try TestCgroup()
    let (later, earlier) = (try load("cgroup", only: ["on_create"]), try load("cgroup", only: ["on_create"]))
    let link = try later.program("on_create").attach(to: .cgroup(path: cgroup.path))
    let first = try earlier.program("on_create").attach(to: .cgroup(path: cgroup.path, order: .first))
    let query = try BPFCall.queryPrograms(
      target: UInt32(bitPattern: cgroup.descriptor), attachType: AttachType.cgroupInetSockCreate.rawValue)
    #expect(
      query.programIDs == [try earlier.program("on_create").id(), try later.program("on_create").id()])
    try first.detach()
    try link.detach()
  }

  @Test func mistakes() throws {
    let collection = try load("cgroup", only: ["on_create"])
    let absent = #expect(throws: BPFError.self) {
      _ = try collection.program("on_create").attach(to: .cgroup(path: "/sys/fs/cgroup/no/such/group"))
    }
    #expect(absent?.code == .notFound)
    let noGroup = #expect(throws: BPFError.self) {
      _ = try collection.program("on_create").attach(to: .cgroup(path: "/tmp"))
    }
    #expect(noGroup?.hint?.contains("cgroup v2") == true, "\(String(describing: noGroup))")
    let other = try load("tc", only: ["ingress"])
    let wrong = #expect(throws: BPFError.self) {
      _ = try other.program("ingress").attach(to: .cgroup(path: "/tmp"))
    }
    #expect(wrong?.code == .invalid)
  }

  @Test(.requires(.ownKernel), .requires(kernel: "6.0")) func securityHookOfACgroup() throws {
    let (cgroup, namespace) = (try TestCgroup(), try TestNamespace())
    let collection = try load("lsm_cgroup")
    try namespace.run {
      let link = try collection.program("on_bind").attach(to: .cgroup(path: cgroup.path))
      let script = Self.datagram + "bind(S,sockaddr_in(7003,\(Self.loopback)))||exit 3"
      // The program returns zero, which refuses.
      #expect(try perl(script, in: cgroup).status == 3)
      #expect(try collection.counter("refused") == 1)
      try link.detach()
      #expect(try perl(script, in: cgroup).status == 0)
    }
  }
}

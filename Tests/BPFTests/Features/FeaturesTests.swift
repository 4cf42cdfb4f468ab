// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFObject
import BTF
import Foundation
import TestSupport
import Testing

@Suite(.requires(.root)) struct FeaturesTests {
  @Test(arguments: MapType.allKnown)
  func mapTypes(type: MapType) throws {
    guard let minimum = type.minimumKernel else {
      #expect(try Features.supports(type) == false)
      return
    }
    if try Features.supports(type) {
      #expect(minimum <= Self.running, "\(type) works before the version that we say it needs")
    } else if minimum <= Self.running {
      // Newer than its first kernel and yet missing: built without. These depend on options that small kernels lack.
      #expect([.inodeStorage, .xskmap, .cgroupStorage, .perCPUCgroupStorage, .arena].contains(type), "\(type)")
    }
  }

  @Test(arguments: ProgramType.allKnown)
  func programTypes(type: ProgramType) throws {
    guard let minimum = type.minimumKernel else {
      #expect(try Features.supports(type) == false)
      return
    }
    if try Features.supports(type) { #expect(minimum <= Self.running) }
  }

  @Test func whatEveryKernelSince510Has() throws {
    for type in [
      ProgramType.socketFilter, .kprobe, .schedCLS, .tracepoint, .xdp, .perfEvent, .rawTracepoint, .skLookup,
    ] {
      #expect(try Features.supports(type))
    }
    #expect(try Features.types().isSuperset(of: [.functions, .dataSections, .globalFunctions]))
  }

  @Test(arguments: Features.Ability.allCases)
  func abilitiesFollowTheVersion(ability: Features.Ability) throws {
    let minimum = try #require(ability.minimumKernel)
    let supported = try Features.supports(ability)
    if supported {
      #expect(minimum <= Self.running, "\(ability) works before the version that we say it needs")
    } else if minimum <= Self.running {
      // Depends on options of the build, or on the architecture.
      #expect([.kprobeMulti, .netkitLink, .tcxLink, .loadAcquire].contains(ability), "\(ability)")
    }
    if !supported {
      let error = try #require(throws: BPFError.self) { try Features.require(ability, for: "testing") }
      #expect(error.code == .unsupported && error.requiredKernel == "\(minimum)")
      #expect("\(error)".hasPrefix("testing: this kernel"))
    } else {
      try Features.require(ability, for: "testing")
    }
  }

  @Test func typesFollowTheVersion() throws {
    #expect(try Features.types() == BTFFeatures(kernel: Int(Self.running.major), Int(Self.running.minor)))
  }

  @Test func helpersKnowTheirPrograms() throws {
    let cases: [(String, ProgramType, Bool)] = [
      ("map_lookup_elem", .xdp, true), ("redirect", .xdp, true), ("skb_store_bytes", .xdp, false),
      ("skb_store_bytes", .schedCLS, true), ("get_current_pid_tgid", .tracepoint, true),
      ("skb_load_bytes", .socketFilter, true), ("override_return", .xdp, false),
      ("sk_select_reuseport", .skReuseport, true),
    ]
    for (name, type, expected) in cases {
      let helper = try #require(Helper(named: name))
      #expect(try Features.supports(helper, in: type) == expected, "\(name) in \(type)")
    }
    let error = try #require(throws: BPFError.self) {
      try Features.require(try #require(Helper(named: "skb_store_bytes")), in: .xdp, for: "loading x")
    }
    #expect(error.description.contains("bpf_skb_store_bytes in xdp programs"))
  }

  @Test func noHelperIsOlderThanItsFirstKernel() throws {
    for type in [ProgramType.socketFilter, .kprobe, .xdp, .schedCLS, .tracepoint] {
      for helper in try Features.helpers(in: type) {
        #expect(try #require(helper.minimumKernel) <= Self.running, "\(helper)")
      }
    }
  }

  @Test(.requires(.kernelBTF), .requires(kernel: "6.10"))
  func kernelFunctions() throws {
    let all = try Features.kernelFunctions()
    guard !all.isEmpty else { return }
    for name in ["bpf_task_from_pid", "bpf_iter_num_new", "bpf_rcu_read_lock"] {
      #expect(all.contains(name))
      #expect(try Features.hasKernelFunction(name))
    }
    #expect(try !Features.hasKernelFunction("schedule"))
    #expect(try !Features.hasKernelFunction("no_such_function"))
  }

  @Test func attachTypes() throws {
    #expect(try Features.supports(AttachType.cgroupInet4Connect))
    #expect(try Features.supports(AttachType.skLookup))
    #expect(try !Features.supports(AttachType(rawValue: 4000)))
    for type in AttachType.allKnown where try Features.supports(type) {
      #expect(try #require(type.minimumKernel) <= Self.running, "\(type)")
    }
  }

  /// The running kernel's version without its patch level, which tables of versions do not have.
  static let running = KernelVersion(KernelVersion.running.major, KernelVersion.running.minor)
}

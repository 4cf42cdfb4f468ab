// SPDX-License-Identifier: Apache-2.0

import MeropsPolicyImport
import Testing

/// Policies of Tetragon and KubeArmor.
struct KubernetesTests {
  private static func tracing(_ hook: String, _ more: String = "") -> String {
    """
    apiVersion: cilium.io/v1alpha1
    kind: TracingPolicy
    metadata: {name: one}
    spec:
    \(more.isEmpty ? "" : "  \(more)\n")  kprobes:
    \(hook.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
    """
  }

  private static let open = """
    - call: security_file_open
      syscall: false
      args: [{index: 0, type: file}]
      selectors:
      - matchArgs: [{index: 0, operator: Prefix, values: [/etc/ssh/, /root/]}]
        matchBinaries: [{operator: NotIn, values: [/usr/sbin/sshd]}]
        matchActions: [{action: ACTION}]
    """

  @Test func hooksBecomeActs() throws {
    let text = Self.tracing(Self.open.replacing("ACTION", with: "Override, argError: -1"))
    var result = try imported(text, .tetragon)
    #expect(result.refused.isEmpty, "\(result.refused)")
    for line in [
      "on: [file.open, file.write]", "action: deny", "mode: audit",
      #"match: '(file.path.startsWith("/etc/ssh/") || file.path.startsWith("/root/")) && !((has(process.executable.path) && process.executable.path == "/usr/sbin/sshd"))'"#,
    ] { #expect(result.text.contains(line), "\(result.text)") }
    var options = PolicyImport.Options()
    options.enforces = true
    result = try imported(text, .tetragon, options)
    #expect(result.text.contains("mode: enforce"))
    #expect(
      try conditions(
        Self.tracing(
          "- {call: tcp_connect, syscall: false, args: [{index: 0, type: sock}], selectors: [{matchArgs: [{index: 0, operator: NotDAddr, values: [10.0.0.0/8]}, {index: 0, operator: DPort, values: ['80', '8000:8080']}]}]}"
        ), .tetragon) == [
          #"network.transport == "tcp" && !((has(destination.address) && destination.address in ["10.0.0.0/8"])) && (destination.port == 80u || (destination.port >= 8000u && destination.port <= 8080u))"#
        ])
  }

  @Test(arguments: [
    (Self.open.replacing("ACTION", with: "Sigkill"), "", "Sigkill"),
    (Self.open.replacing("ACTION", with: "FollowFD"), "", "actions"),
    (Self.open.replacing("ACTION", with: "Override, argError: -13"), "", "actions"),
    (Self.open.replacing("ACTION", with: "Post"), "podSelector: {matchLabels: {app: x}}", "labels of Kubernetes"),
    ("- {call: sys_setuid, syscall: true}", "", "hook"), ("- {call: fd_install, syscall: false}", "", "hook"),
    ("- {call: security_file_open, args: [], selectors: [{matchPIDs: []}, {matchPIDs: [{operator: In}]}]}", "", "key"),
    (
      "- {call: security_file_open, selectors: [{matchArgs: [{index: 3, operator: Equal, values: [a]}]}]}", "",
      "argument"
    ),
  ]) func whatCannotBeSaidIsRefused(_ hook: String, _ more: String, _ cause: String) throws {
    let result = try imported(Self.tracing(hook, more), .tetragon)
    // An empty selector says nothing, and is let through.
    if hook.contains("matchPIDs: []}, {") {
      #expect(result.refused.map(\.cause) == [cause])
    } else {
      #expect(result.refused.map(\.cause) == [cause] && result.text.isEmpty, "\(result.refused)")
    }
  }

  private static let armor = """
    apiVersion: security.kubearmor.com/v1
    kind: KIND
    metadata: {name: one}
    spec:
      severity: 7
      selector: {matchLabels: {app: x}}
      file:
        matchPaths:
          - path: /etc/shadow
            fromSource: [{path: /usr/bin/cat}]
        matchDirectories:
          - {dir: /etc/ssl/, recursive: true, readOnly: true}
          - {dir: /own/, ownerOnly: true}
      process:
        matchPaths:
          - path: /usr/bin/nc
          - {path: /usr/bin/apt, fromSource: [{path: /bin/bash}]}
      network: {matchProtocols: [{protocol: icmp}]}
      action: ACTION
    """

  @Test func pathsAndDirectories() throws {
    let text = Self.armor.replacing("KIND", with: "KubeArmorPolicy").replacing("ACTION", with: "Block")
    #expect(try imported(text, .kubearmor).refused.map(\.cause).filter { $0 == "labels of Kubernetes" }.count == 5)
    var options = PolicyImport.Options()
    options.cgroup = "/kubepods.slice"
    let result = try imported(text, .kubearmor, options)
    #expect(result.refused.map(\.cause) == ["ownerOnly", "network", "fromSource"])
    #expect(result.imported.count == 3)
    for line in [
      "subject: {cgroup: '/kubepods.slice'}", "action: deny", "severity: high",
      #"match: 'file.path == "/etc/shadow" && process.executable.path == "/usr/bin/cat"'"#,
      #"match: 'file.path.startsWith("/etc/ssl/")'"#, #"match: 'process.executable.path == "/usr/bin/nc"'"#,
    ] { #expect(result.text.contains(line), "\(result.text)") }
    let allow = Self.armor.replacing("KIND", with: "KubeArmorHostPolicy").replacing("ACTION", with: "Allow")
    #expect(try imported(allow, .kubearmor).refused.count { $0.cause == "Allow" } == 3)
  }
}

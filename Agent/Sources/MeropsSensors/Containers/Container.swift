// SPDX-License-Identifier: Apache-2.0

/// The container that a cgroup belongs to, as the cgroup's path says.
struct Container: Hashable, Sendable {
  var id: String
  /// `docker`, `containerd`, `cri-o`, `podman`, `systemd-nspawn`, `lxc`; nil where the path has an id of the usual form only,
  /// as where the kubelet manages cgroups itself.
  var runtime: String?

  init(id: String, runtime: String?) {
    self.id = id
    self.runtime = runtime
  }

  /// The innermost container of a path such as `/system.slice/docker-0123….scope`.
  ///
  /// - Returns: nil if no name in the path has a form that a runtime gives.
  init?(cgroup path: String) {
    let names = path.split(separator: "/")
    for index in names.indices.reversed() {
      guard let found = Self(names[index], behind: index > 0 ? names[index - 1] : "", isSecond: index == 1) else {
        continue
      }
      self = found
      return
    }
    return nil
  }

  private init?(_ name: Substring, behind parent: Substring, isSecond: Bool) {
    let isScope = name.hasSuffix(".scope")
    let word = isScope ? name.dropLast(6) : name
    for (prefix, runtime) in Self.prefixes where word.hasPrefix(prefix) {
      let id = word.dropFirst(prefix.count)
      guard Self.isID(id) else { continue }
      self.init(id: String(id), runtime: runtime)
      return
    }
    switch parent {
    // `docker run` and `ctr run` where systemd does not manage the cgroups.
    case "docker" where Self.isID(name): self.init(id: String(name), runtime: "docker")
    case "default" where isSecond && !isScope: self.init(id: String(name), runtime: "containerd")
    case "k8s.io" where isSecond && Self.isID(name): self.init(id: String(name), runtime: "containerd")
    case "libpod_parent" where Self.isID(name): self.init(id: String(name), runtime: "podman")
    case "lxc": self.init(id: String(name), runtime: "lxc")
    default:
      if name.hasPrefix("systemd-nspawn@"), name.hasSuffix(".service") {
        self.init(id: Self.unescaped(name.dropFirst(15).dropLast(8)), runtime: "systemd-nspawn")
      } else if isScope, parent == "machine.slice", word.hasPrefix("machine-"), !word.hasPrefix("machine-qemu\\x2d") {
        self.init(id: Self.unescaped(word.dropFirst(8)), runtime: "systemd-nspawn")
      } else if name.hasPrefix("lxc.payload.") {
        self.init(id: String(name.dropFirst(12)), runtime: "lxc")
      } else if Self.isID(name) {
        self.init(id: String(name), runtime: nil)
      } else {
        return nil
      }
    }
  }

  /// Names that a runtime puts before the id. Those of monitors (`libpod-conmon-…`) are followed by no id.
  private static let prefixes: [(String, String)] = [
    ("docker-", "docker"), ("cri-containerd-", "containerd"), ("nerdctl-", "containerd"), ("crio-", "cri-o"),
    ("libpod-", "podman"),
  ]

  /// 64 hexadecimal digits.
  private static func isID(_ text: Substring) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// A name as before systemd.unit(5) escaped it: `web\x2d1` is `web-1`.
  private static func unescaped(_ name: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = name.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
        let code = UInt8(Substring(rest.dropFirst().prefix(2)), radix: 16)
      {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

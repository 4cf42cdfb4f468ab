// SPDX-License-Identifier: Apache-2.0
import Foundation
import MeropsModel
import Testing

@testable import MeropsSensors

/// Files as the runtimes of Debian 12 write them, without what nobody asks for; annotations as Kubernetes' runtimes have them.
@Suite struct ContainerFileTests {
  static let id = String(repeating: "0123456789abcdef", count: 4)
  private let folder = NSTemporaryDirectory() + "merops-containers-\(UUID().uuidString)"
  private var options: ContainerOptions {
    var options = ContainerOptions()
    options.containerdStates = [folder + "/none", folder + "/containerd"]
    options.dockerRoots = [folder + "/docker"]
    options.storageRoots = [folder + "/storage"]
    return options
  }

  private func write(_ path: String, _ text: String) throws {
    let url = URL(filePath: folder).appending(path: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: false, encoding: .utf8)
  }

  private func details(of id: String = id, by runtime: String?) -> ContainerDetails {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return ContainerFiles(options: options).details(of: Container(id: id, runtime: runtime))
  }

  private static let task = "containerd/io.containerd.runtime.v2.task"

  @Test func aDirectoryGivenToCtr() throws {
    try write(
      Self.task + "/default/web/config.json",
      #"{"ociVersion":"1.0.2-dev","process":{"args":["/bin/sleep","9"]},"root":{"path":"/srv/web"},"hostname":"x"}"#)
    #expect(details(of: "web", by: "containerd") == ContainerDetails(runtime: "containerd", rootfs: "/srv/web"))
  }

  @Test func anImageOfCtr() throws {
    try write(Self.task + "/default/web/config.json", #"{"root":{"path":"rootfs"}}"#)
    let rootfs = "\(folder)/\(Self.task)/default/web/rootfs"
    #expect(details(of: "web", by: "containerd") == ContainerDetails(runtime: "containerd", rootfs: rootfs))
  }

  @Test(arguments: ["containerd", nil]) func kubernetesWithContainerd(runtime: String?) throws {
    try write(
      Self.task + "/k8s.io/\(Self.id)/config.json",
      """
      {"root":{"path":"rootfs"},"annotations":{"io.kubernetes.cri.container-name":"alloy",
      "io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":"docker.io/grafana/alloy:v1",
      "io.kubernetes.cri.sandbox-name":"alloy-ltrr7"}}
      """)
    let rootfs = "\(folder)/\(Self.task)/k8s.io/\(Self.id)/rootfs"
    #expect(
      details(by: runtime)
        == ContainerDetails(
          runtime: "containerd", image: "docker.io/grafana/alloy:v1", name: "alloy", rootfs: rootfs))
  }

  @Test(arguments: ["docker", nil]) func docker(runtime: String?) throws {
    try write(
      Self.task + "/moby/\(Self.id)/config.json", #"{"root":{"path":"/var/lib/docker/overlay2/51a1/merged"}}"#)
    try write(
      "docker/containers/\(Self.id)/config.v2.json",
      """
      {"State":{"Running":true},"ID":"\(Self.id)","Path":"/bin/sleep","Config":{"Hostname":"x","Env":null,
      "Image":"debian:12","Labels":{}},"Image":"sha256:962f","Name":"/web2","Driver":"overlay2"}
      """)
    #expect(
      details(by: runtime)
        == ContainerDetails(
          runtime: "docker", image: "debian:12", name: "web2", rootfs: "/var/lib/docker/overlay2/51a1/merged"))
  }

  @Test func podman() throws {
    let other = String(repeating: "f", count: 64)
    for id in [Self.id, other] {
      try write(
        "storage/overlay-containers/\(id)/userdata/config.json",
        """
        {"root":{"path":"/var/lib/containers/storage/overlay/98/merged"},
        "annotations":{"io.container.manager":"libpod","io.podman.annotations.init":"FALSE"}}
        """
      )
    }
    try write(
      "storage/overlay-containers/containers.json",
      """
      [{"id":"\(other)","names":["bare"],"image":"","metadata":"{\\"image-name\\":\\"\\",\\"name\\":\\"bare\\"}"},
      {"id":"\(Self.id)","names":["web"],"image":"f2c7",
      "metadata":"{\\"image-name\\":\\"localhost/web:one\\",\\"image-id\\":\\"f2c7\\",\\"created-at\\":1796047785}"}]
      """)
    let files = ContainerFiles(options: options)
    let rootfs = "/var/lib/containers/storage/overlay/98/merged"
    #expect(
      files.details(of: Container(id: other, runtime: "podman"))
        == ContainerDetails(runtime: "podman", name: "bare", rootfs: rootfs))
    #expect(
      details(by: "podman")
        == ContainerDetails(runtime: "podman", image: "localhost/web:one", name: "web", rootfs: rootfs))
  }

  @Test(arguments: ["cri-o", nil]) func kubernetesWithCRIO(runtime: String?) throws {
    try write(
      "storage/overlay-containers/\(Self.id)/userdata/config.json",
      """
      {"root":{"path":"/var/lib/containers/storage/overlay/1/merged"},"annotations":{"io.container.manager":"cri-o",
      "io.kubernetes.container.name":"web","io.kubernetes.cri-o.ImageName":"quay.io/web:2"}}
      """)
    #expect(
      details(by: runtime)
        == ContainerDetails(
          runtime: "cri-o", image: "quay.io/web:2", name: "web",
          rootfs: "/var/lib/containers/storage/overlay/1/merged"))
  }

  /// What cannot be read is not there: half of a file, a pipe that nobody writes to, a link, a file that is too long.
  @Test(arguments: ["half", "pipe", "link", "long", "none"]) func filesThatAreNotBelieved(kind: String) throws {
    let path = Self.task + "/default/web/config.json"
    try write(path, kind == "half" ? #"{"root":{"path":"/srv/we"# : "")
    try write("elsewhere", #"{"root":{"path":"/srv/web"}}"#)
    let full = "\(folder)/\(path)"
    if kind != "half" { unlink(full) }
    switch kind {
    case "pipe": mkfifo(full, 0o600)
    case "link": symlink("\(folder)/elsewhere", full)
    case "long":
      let padding = String(repeating: " ", count: ContainerFiles.limit)
      try write(path, #"{"root":{"path":"/srv/web"}}"# + padding)
    default: break
    }
    #expect(details(of: "web", by: "containerd") == ContainerDetails())
  }

  /// A container's cgroups share what is known of it, until the last one is gone.
  @Test func aNameThatIsUsedAgainIsAnotherContainer() throws {
    try write(Self.task + "/default/web/config.json", #"{"root":{"path":"/srv/one"}}"#)
    var table = CgroupTable(options)
    func rootfs(_ id: UInt64) throws -> Text? {
      let container = try #require(table[id, of: 0]?.container)
      table.waitForFiles(of: container)
      while !container.isComplete { usleep(1000) }
      var text: Text?
      container.forEachFact { field, bytes in
        if field == .containerRootfs { text = Text(Packed.copied(bytes)) }
      }
      return text
    }
    table.insert(.max - 1, path: Array("/default/web".utf8))
    #expect(try rootfs(.max - 1) == "/srv/one")
    try write(Self.task + "/default/web/config.json", #"{"root":{"path":"/srv/two"}}"#)
    table.insert(.max - 2, path: Array("/default/web/inner".utf8))
    #expect(try rootfs(.max - 2) == "/srv/one")
    table.remove(.max - 2)
    table.remove(.max - 1)
    table.insert(.max - 3, path: Array("/default/web".utf8))
    #expect(try rootfs(.max - 3) == "/srv/two")
    #expect(try rootfs(.max - 1) == "/srv/one")
    try FileManager.default.removeItem(atPath: folder)
  }
}

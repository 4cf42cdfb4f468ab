// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a runtime wrote down of a container.
struct ContainerDetails: Hashable, Sendable {
  var runtime: String?
  var image: String?
  var name: String?
  var rootfs: String?
}

/// The files in which runtimes keep what they know of their containers.
///
/// A container has a bundle (OCI runtime specification), whose `config.json` names the root file system; the image and the
/// container's name are where each runtime puts them. Whoever does not write them there has none: `ctr` keeps them in
/// containerd's own database.
struct ContainerFiles: Sendable {
  let options: ContainerOptions

  /// Reads the files of a container; what is in none of them is nil.
  func details(of container: Container) -> ContainerDetails {
    var details = ContainerDetails()
    let id = container.id
    switch container.runtime {
    case "docker":
      takeTask(id, ["moby"], &details)
      takeDocker(id, &details)
    case "containerd": takeTask(id, ["k8s.io", "default"], &details)
    case "podman", "cri-o": takeStorage(id, &details)
    case nil:
      takeTask(id, ["k8s.io", "default", "moby"], &details)
      takeDocker(id, &details)
      takeStorage(id, &details)
    default: break
    }
    return details
  }

  /// containerd's bundles, in its state directory until the container ends.
  private func takeTask(_ id: String, _ namespaces: [String], _ details: inout ContainerDetails) {
    for state in options.containerdStates {
      for namespace in namespaces
      where takeBundle("\(state)/io.containerd.runtime.v2.task/\(namespace)/\(id)", &details) {
        details.runtime = namespace == "moby" ? "docker" : "containerd"
        return
      }
    }
  }

  /// Docker's own file, which is there before the container starts.
  private func takeDocker(_ id: String, _ details: inout ContainerDetails) {
    for root in options.dockerRoots {
      guard let file: DockerFile = Self.decode("\(root)/containers/\(id)/config.v2.json") else { continue }
      details.runtime = "docker"
      details.image = file.settings?.image
      details.name = file.name.map { String($0.trimmingPrefix("/")) }
      return
    }
  }

  /// The storage of podman and CRI-O: a bundle, and one list of all containers.
  private func takeStorage(_ id: String, _ details: inout ContainerDetails) {
    for root in options.storageRoots {
      for driver in ["overlay", "vfs", "btrfs"] {
        let folder = "\(root)/\(driver)-containers"
        guard takeBundle("\(folder)/\(id)/userdata", &details) else { continue }
        let list: [StoredContainer]? = Self.decode("\(folder)/containers.json")
        guard let stored = list?.first(where: { $0.id == id }) else { return }
        details.name = details.name ?? stored.names?.first
        if details.image == nil, let metadata = stored.metadata?.data(using: .utf8),
          let metadata = try? JSONDecoder().decode(StoredContainer.Metadata.self, from: metadata)
        {
          details.image = metadata.imageName
        }
        if details.image?.isEmpty == true { details.image = nil }
        return
      }
    }
  }

  private func takeBundle(_ bundle: String, _ details: inout ContainerDetails) -> Bool {
    guard let file: BundleFile = Self.decode("\(bundle)/config.json") else { return false }
    if let root = file.root?.path { details.rootfs = root.hasPrefix("/") ? root : "\(bundle)/\(root)" }
    let notes = file.annotations ?? [:]
    details.image = Self.images.lazy.compactMap { notes[$0] }.first
    details.name = Self.names.lazy.compactMap { notes[$0] }.first
    switch notes["io.container.manager"] {
    case "libpod": details.runtime = "podman"
    case "cri-o": details.runtime = "cri-o"
    default: break
    }
    return true
  }

  /// Annotations of a bundle: containerd's CRI, CRI-O, nerdctl.
  private static let images = ["io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"]
  private static let names = ["io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name"]

  /// The largest file that is read, in bytes.
  static let limit = 1 << 20

  private static func decode<File: Decodable>(_ path: String) -> File? {
    guard let bytes = SmallFile.ownBytes(path, limit: limit) else { return nil }
    return try? JSONDecoder().decode(File.self, from: Data(bytes))
  }
}

/// A bundle's config.json.
private struct BundleFile: Decodable {
  struct Root: Decodable { var path: String? }
  var root: Root?
  var annotations: [String: String]?
}

/// Docker's config.v2.json.
private struct DockerFile: Decodable {
  struct Settings: Decodable {
    var image: String?
    enum CodingKeys: String, CodingKey { case image = "Image" }
  }
  var settings: Settings?
  var name: String?
  enum CodingKeys: String, CodingKey {
    case settings = "Config"
    case name = "Name"
  }
}

/// An entry of the storage's containers.json. The metadata is JSON in a text.
private struct StoredContainer: Decodable {
  struct Metadata: Decodable {
    var imageName: String?
    enum CodingKeys: String, CodingKey { case imageName = "image-name" }
  }
  var id: String
  var names: [String]?
  var metadata: String?
}

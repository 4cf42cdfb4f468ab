// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Folders of a bpffs.
enum PinFolder {
  static func files(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { result.append(name) }
    }
    return result
  }

  static func create(_ path: String) throws {
    guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw FirewallError(
        .failed,
        "The folder \(path) cannot be created (\(String(cString: strerror(errno)))). Its file system has to be a bpffs: "
          + "mount -t bpf bpf /sys/fs/bpf")
    }
    try create(String(path[..<slash]))
    try create(path)
  }
}

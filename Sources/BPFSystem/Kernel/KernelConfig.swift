// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// What the running kernel was built with.
public struct KernelConfig: Sendable, Hashable {
  /// Option to value, as written: `CONFIG_BPF` to `y`, `CONFIG_HZ` to `1000`, texts with their quotes.
  public let values: [String: String]

  public subscript(_ option: String) -> String? { values[option] }

  public init(parsing text: String) {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("CONFIG_") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      values[String(line[..<equals])] = String(line[line.index(after: equals)...])
    }
    self.values = values
  }

  /// The running kernel's, read once: /proc/config.gz, or the file that the distribution put beside the kernel.
  ///
  /// - Throws: `ENOENT` when the kernel's configuration is nowhere to be found.
  public static var current: KernelConfig {
    get throws(Errno) { try cached.get() }
  }

  private static let cached: Result<KernelConfig, Errno> = Result { () throws(Errno) in
    if let bytes = try? inflate("/proc/config.gz") {
      return KernelConfig(parsing: String(decoding: bytes, as: UTF8.self))
    }
    let release = KernelName.current.release
    for path in ["/boot/config-\(release)", "/lib/modules/\(release)/config"] {
      if let bytes = try? SystemFile.read(path) {
        return KernelConfig(parsing: String(decoding: bytes, as: UTF8.self))
      }
    }
    throw Errno.noSuchFileOrDirectory
  }

  /// Unpacks a gzip file with the system's zlib, which is looked for when it is needed: nothing links against it.
  private static func inflate(_ path: String) throws(Errno) -> [UInt8] {
    typealias Open = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> OpaquePointer?
    typealias Read = @convention(c) (OpaquePointer, UnsafeMutableRawPointer, CUnsignedInt) -> CInt
    typealias Close = @convention(c) (OpaquePointer) -> CInt
    guard let library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL) else { throw Errno.noSuchFileOrDirectory }
    defer { dlclose(library) }
    guard let openSymbol = dlsym(library, "gzopen"), let readSymbol = dlsym(library, "gzread"),
      let closeSymbol = dlsym(library, "gzclose")
    else { throw Errno.noSuchFileOrDirectory }
    let open = unsafeBitCast(openSymbol, to: Open.self)
    let read = unsafeBitCast(readSymbol, to: Read.self)
    let close = unsafeBitCast(closeSymbol, to: Close.self)

    guard let file = open(path, "rbe") else { throw Errno.noSuchFileOrDirectory }
    defer { _ = close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(file, &chunk, CUnsignedInt(chunk.count))
      guard count >= 0, bytes.count < 16 << 20 else { throw Errno.ioError }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk.prefix(Int(count)))
    }
  }
}

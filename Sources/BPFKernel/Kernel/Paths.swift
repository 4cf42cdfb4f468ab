// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import CBPFKernel

// The path of a file, walked in the kernel: where `bpf_d_path` is not allowed, which is nearly everywhere.
extension ByteBuilder.Bytes {
  /// Appends the names of a path, leaf first, each with a zero byte behind it: `true\0bin\0usr\0` for `/usr/bin/true`, and
  /// nothing for `/`. User space turns them round: ``PackedPath``.
  ///
  /// The names lead up to the root of the mount namespace, whatever root the process has. A path of more than 96 names is
  /// cut; before Linux 6.4, one of more than 48 behind the first border of a mount, too.
  ///
  ///     bytes.appendPath(of: context.file)      // LSM.file_open
  ///
  /// - Parameters:
  ///   - entry: a `dentry`.
  ///   - mount: the `vfsmount` that the entry is in.
  ///   - isTrusted: whether the verifier knows the types of both: false for what `.probed` leads to.
  /// - Returns: whether all names were appended.
  /// - Requires: Linux 5.5, with BTF; a GPL-compatible license.
  @inline(__always) @discardableResult
  public func appendPath(entry: some KernelObject, mount: some KernelObject, isTrusted: Bool = true) -> Bool {
    bpf_append_path(place, UInt64(capacity), entry.pointer, mount.pointer, isTrusted) == 0
  }

  /// Appends the names of a `path`, such as `task.fs.pwd`. See
  /// ``appendPath(entry:mount:isTrusted:)``.
  @inline(__always) @discardableResult
  public func appendPath(_ path: some KernelObject, isTrusted: Bool = true) -> Bool {
    appendPath(at: path.pointer, isTrusted: isTrusted)
  }

  /// Appends the names of the path of a `file`. See ``appendPath(entry:mount:isTrusted:)``.
  @inline(__always) @discardableResult
  public func appendPath(of file: some KernelObject, isTrusted: Bool = true) -> Bool {
    appendPath(at: bpf_path_of_file(file.pointer), isTrusted: isTrusted)
  }

  @inline(__always)
  private func appendPath(at path: UnsafeRawPointer, isTrusted: Bool) -> Bool {
    bpf_append_path(
      place, UInt64(capacity), bpf_entry_of_path(path, isTrusted), bpf_mount_of_path(path, isTrusted), isTrusted) == 0
  }
}

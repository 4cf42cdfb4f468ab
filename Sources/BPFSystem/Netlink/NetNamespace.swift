// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// A network namespace, which lives as long as something refers to it.
package final class NetNamespace: Sendable {
  private let descriptor: Descriptor

  /// The number that the kernel shows it by.
  package let inode: UInt64

  /// The borrowed descriptor, for links to the namespace.
  package var rawValue: CInt { descriptor.rawValue }

  /// Opens one by its file: `/proc/PID/ns/net`, `/run/netns/NAME`.
  package init(path: String = "/proc/thread-self/ns/net") throws(Errno) {
    descriptor = try Descriptor.open(path)
    var status = stat()
    try checked(fstat(descriptor.rawValue, &status).orError)
    inode = UInt64(status.st_ino)
  }

  /// A new, empty namespace: a loopback device that is down.
  package static func create() throws(Errno) -> NetNamespace {
    try onOwnThread { () throws(Errno) in
      try checked(cbpf_unshare(kind))
      return try NetNamespace()
    }.get()
  }

  /// Runs a closure on a thread of its own that is inside the namespace. The caller waits for it.
  package func run<Value: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Value
  ) throws(NamespaceError<Failure>) -> Value {
    let fd = rawValue
    let result: Result<Value, NamespaceError<Failure>>
    do throws(Errno) {
      result = try NetNamespace.onOwnThread { () throws(NamespaceError<Failure>) in
        let entered = cbpf_setns(fd, NetNamespace.kind)
        guard entered >= 0 else { throw .entering(Errno(rawValue: CInt(-entered))) }
        do throws(Failure) {
          return try body()
        } catch {
          throw .body(error)
        }
      }
    } catch {
      throw .entering(error)
    }
    return try result.get()
  }

  private static let kind: CInt = 0x4000_0000  // CLONE_NEWNET

  /// A thread that changed its namespace must not be used again, so it is made for this and ends.
  private static func onOwnThread<Value: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Value
  ) throws(Errno) -> Result<Value, Failure> {
    var result: Result<Value, Failure>?
    let failed = withoutActuallyEscaping({ result = Result(catching: body) }) { work in
      var thread = pthread_t()
      let box = Unmanaged.passRetained(Work(work))
      let failed = pthread_create(
        &thread, nil,
        { argument in
          if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
          return nil
        }, box.toOpaque())
      if failed == 0 { pthread_join(thread, nil) } else { box.release() }
      return failed
    }
    guard let result = result.take() else { throw Errno(rawValue: failed) }
    return result
  }

  private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }
}

/// Why work in a namespace failed: on the way in, or by itself.
package enum NamespaceError<Failure: Error>: Error {
  case entering(Errno)
  case body(Failure)
}

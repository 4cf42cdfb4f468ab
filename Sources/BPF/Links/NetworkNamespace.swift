// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import SystemPackage

/// A network namespace: interfaces, sockets and netfilter hooks of its own. This value keeps it alive.
public final class NetworkNamespace: Sendable, Hashable, CustomStringConvertible {
  private let namespace: NetNamespace
  /// The path, or `network namespace 4026531840` by its inode.
  public let description: String

  /// Opens a namespace by its file: `/proc/PID/ns/net`, `/run/netns/NAME`.
  public init(path: String) throws(BPFError) {
    do {
      namespace = try NetNamespace(path: path)
    } catch {
      throw BPFError(
        "opening network namespace \(path)", errno: error,
        hint: error == .noSuchFileOrDirectory && path.hasPrefix("/run/netns/")
          ? "`ip netns list` shows those that have names" : nil)
    }
    description = path
  }

  /// Opens a namespace by the name that `ip netns` gave it.
  public convenience init(name: String) throws(BPFError) { try self.init(path: "/run/netns/\(name)") }

  /// Opens the namespace that a process is in.
  public convenience init(processID: Int32) throws(BPFError) { try self.init(path: "/proc/\(processID)/ns/net") }

  private init(_ namespace: NetNamespace) {
    self.namespace = namespace
    description = "network namespace \(namespace.inode)"
  }

  /// The namespace that the calling thread is in.
  public static func current() throws(BPFError) -> NetworkNamespace {
    do { return NetworkNamespace(try NetNamespace()) } catch {
      throw BPFError("opening this thread's network namespace", errno: error)
    }
  }

  /// A new namespace with nothing but a loopback device, which is down. It goes with the last thing that refers to it.
  public static func create() throws(BPFError) -> NetworkNamespace {
    do { return NetworkNamespace(try NetNamespace.create()) } catch {
      throw BPFError("making a network namespace", errno: error)
    }
  }

  /// The borrowed descriptor.
  public var fd: CInt { namespace.rawValue }

  /// The number by which the kernel shows the namespace, as in ``LinkInfo/networkNamespaceInode``.
  public var inode: UInt64 { namespace.inode }

  public static func == (left: NetworkNamespace, right: NetworkNamespace) -> Bool { left.inode == right.inode }

  public func hash(into hasher: inout Hasher) { hasher.combine(inode) }

  /// Why ``run(_:)`` failed: on the way into the namespace, or in the body.
  public enum RunError<Failure: Error>: Error, CustomStringConvertible {
    case entering(BPFError)
    case body(Failure)

    public var description: String {
      switch self {
      case .entering(let error): "\(error)"
      case .body(let error): "\(error)"
      }
    }

    /// The body's error.
    ///
    /// - Throws: the error of the way into the namespace.
    public var cause: Failure {
      get throws(BPFError) {
        switch self {
        case .entering(let error): throw error
        case .body(let error): return error
        }
      }
    }
  }

  /// Runs a closure on a thread of its own that is in the namespace, and waits for it. Sockets and links that it makes
  /// stay in the namespace.
  public func run<Value: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Value
  ) throws(RunError<Failure>) -> Value {
    do {
      return try namespace.run(body)
    } catch {
      switch error {
      case .body(let error): throw .body(error)
      case .entering(let errno): throw .entering(BPFError("entering \(self)", errno: errno))
      }
    }
  }

  /// Runs a closure in a namespace, or where the caller is.
  static func run<Value: ~Copyable>(
    in namespace: NetworkNamespace?, _ body: () throws(BPFError) -> Value
  ) throws(BPFError) -> Value {
    guard let namespace else { return try body() }
    do {
      return try namespace.run(body)
    } catch {
      switch error {
      case .entering(let error), .body(let error): throw error
      }
    }
  }
}

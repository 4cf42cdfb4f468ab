// SPDX-License-Identifier: Apache-2.0

import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import Synchronization

/// Serves ``ControlRoutes`` on a unix socket, and on loopback TCP where asked.
public final class ControlServer: Sendable {
  public struct Options: Sendable {
    /// A port of 127.0.0.1; 0 for any that is free, nil for no TCP.
    public var port: UInt16?
    /// What a request over TCP has to show.
    public var token: String?
    public var maximumConnections = 256

    public init(port: UInt16? = nil, token: String? = nil) { (self.port, self.token) = (port, token) }
  }

  private let door: Door
  private let folder: String
  private let servers: [HTTPServer]
  /// The port that is listened on.
  public let port: UInt16?

  /// Starts serving on a socket.
  ///
  /// - Throws: ``ServerError``.
  public static func start(
    _ socket: ControlSocket, _ routes: ControlRoutes, _ options: Options = Options()
  ) async throws -> ControlServer {
    if options.port != nil, options.token?.isEmpty ?? true { throw ServerError("TCP needs a token", 0) }
    let folder = socket.path + ".d"
    // What a process that was killed has left.
    try? FileManager.default.removeItem(atPath: folder)
    guard mkdir(folder, 0o700) == 0 else { throw ServerError("The folder \(folder) cannot be created", errno) }
    var servers: [HTTPServer] = []
    do {
      let handler = ControlHandler(routes: routes, token: options.token, names: folder)
      let inner = folder + "/http"
      guard inner.utf8.count < 100 else { throw ServerError("The socket's path is too long: \(socket.path)", 0) }
      servers.append(try await serve(.unix(path: inner), handler))
      var port: UInt16?
      if let wanted = options.port {
        let server = try await serve(try .inet(ip4: "127.0.0.1", port: wanted), handler)
        servers.append(server)
        if case .ip4(_, let given)? = await server.listeningAddress { port = given }
      }
      let door = try Door(socket, inner: inner, names: folder, maximum: options.maximumConnections)
      let server = ControlServer(door, folder, servers, port)
      door.open()
      return server
    } catch {
      for server in servers { await server.stop() }
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  private init(_ door: Door, _ folder: String, _ servers: [HTTPServer], _ port: UInt16?) {
    (self.door, self.folder, self.servers, self.port) = (door, folder, servers, port)
  }

  /// Ends all connections and removes the socket.
  public func stop() async {
    door.closeDoor()
    for server in servers { await server.stop(timeout: 0) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  private static func serve(_ address: some SocketAddress, _ handler: ControlHandler) async throws -> HTTPServer {
    let server = HTTPServer(address: address, timeout: 600, logger: .disabled)
    // A method that FlyingFox does not know would be answered with 404.
    await server.appendRoute("*", for: HTTPMethod.allMethods.union(["QUERY"]), to: handler)
    let failure = Mutex<(any Error)?>(nil)
    // The bound ends a server that neither listens nor fails. A busy machine may take long to listen.
    let listening = Task { try await server.waitUntilListening(timeout: 600) }
    let task = Task {
      do { try await server.run() } catch {
        failure.withLock { $0 = error }
        listening.cancel()
      }
    }
    do { try await listening.value } catch {
      task.cancel()
      throw ServerError("The server cannot listen: \(failure.withLock { $0 } ?? error)", 0)
    }
    return server
  }
}

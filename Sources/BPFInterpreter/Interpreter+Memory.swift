// SPDX-License-Identifier: Apache-2.0

// Memory that a test supplies: kernel structures that a probe reads, strings of user space.
extension Interpreter {
  /// Which side of the kernel's boundary memory is on.
  public enum MemorySide: Sendable {
    /// Programs load from it directly and with `bpf_probe_read_kernel`.
    case kernel
    /// Programs read it with `bpf_probe_read_user` and write it with `bpf_probe_write_user` only.
    case user
  }

  /// Gives bytes an address for programs to read, and returns it.
  ///
  ///     let task = try interpreter.place(Task(pid: 7, tgid: 7), named: "task")
  ///     interpreter.environment.currentTask = task
  ///
  /// - Parameters:
  ///   - bytes: what the memory holds.
  ///   - name: for messages about accesses beyond it.
  ///   - side: whether it is the kernel's memory or a process's.
  /// - Throws: ``InterpreterError`` of code `outOfMemory`.
  @discardableResult
  public func place(
    _ bytes: [UInt8], named name: String = "", in side: MemorySide = .kernel
  ) throws(InterpreterError) -> UInt64 {
    space.address(of: try region(bytes, name, side))
  }

  /// Gives bytes an address of your choice, from 0x1000_0000_0000 on.
  ///
  /// - Throws: ``InterpreterError`` of code `unsupported` if something is there already.
  public func place(
    _ bytes: [UInt8], at address: UInt64, named name: String = "", in side: MemorySide = .kernel
  ) throws(InterpreterError) {
    let region = try region(bytes, name, side)
    guard space.fix(region, at: address) else {
      space.release(region)
      throw InterpreterError(.unsupported, "memory cannot be placed at 0x\(String(address, radix: 16))")
    }
  }

  /// Gives a value an address, laid out as its C struct.
  @discardableResult
  public func place(
    value: some BitwiseCopyable, named name: String = "", in side: MemorySide = .kernel
  ) throws(InterpreterError) -> UInt64 {
    try place(withUnsafeBytes(of: value) { Array($0) }, named: name, in: side)
  }

  /// Gives a string with its final zero an address.
  @discardableResult
  public func place(string: String, in side: MemorySide = .kernel) throws(InterpreterError) -> UInt64 {
    try place(Array(string.utf8) + [0], named: "\"\(string)\"", in: side)
  }

  /// The bytes at an address: placed memory that a program wrote, for example.
  ///
  /// - Throws: ``InterpreterError`` of code `badAccess` if they are not all there.
  public func bytes(at address: UInt64, count: Int) throws(InterpreterError) -> [UInt8] {
    guard let size = UInt32(exactly: count),
      let place = space.pointer(address, size, [.load, .kernelRead, .userRead])
    else { throw InterpreterError(.badAccess, "\(count) bytes at \(space.describe(address))") }
    return Array(UnsafeRawBufferPointer(start: place, count: count))
  }

  /// Changes placed memory.
  public func setBytes(_ bytes: [UInt8], at address: UInt64) throws(InterpreterError) {
    guard let size = UInt32(exactly: bytes.count),
      let place = space.pointer(address, size, [.load, .kernelRead, .userRead])
    else { throw InterpreterError(.badAccess, "\(bytes.count) bytes at \(space.describe(address))") }
    place.copyMemory(from: bytes, byteCount: bytes.count)
  }

  private func region(_ bytes: [UInt8], _ name: String, _ side: MemorySide) throws(InterpreterError) -> Int {
    let access: Region.Access = side == .kernel ? .readWrite : .userRead
    guard let region = space.allocate(.placed(name), size: bytes.count, access: access) else {
      throw InterpreterError(.outOfMemory, "placed memory does not fit: raise Options.memoryLimit")
    }
    space.regions[region].host.copyMemory(from: bytes, byteCount: bytes.count)
    return region
  }
}

// SPDX-License-Identifier: Apache-2.0

extension SkeletonSupport {
  /// The bytes of a section of global variables: an image before the load, the kernel's memory after it.
  ///
  /// Skeletons use it; its offsets were checked when the object was opened.
  public final class Section: Sendable {
    nonisolated(unsafe) private let bytes: UnsafeMutableRawBufferPointer
    /// The mapped memory; nil where the bytes are an image of our own.
    private let memory: MapMemory?
    private let original: [UInt8]

    /// An image of what the map is to be filled with.
    init(imageOf map: MapSpec?) {
      var content: [UInt8] = []
      if case .bytes(let bytes)? = map?.contents { content = bytes }
      let count = max(Int(map?.valueSize ?? 0), content.count)
      bytes = .allocate(byteCount: max(count, 1), alignment: 16)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      bytes.copyBytes(from: content)
      original = Array(bytes)
      memory = nil
    }

    /// The memory of a loaded map.
    init(memoryOf map: AnyMap) throws(BPFError) {
      guard let memory = try map.memory() else {
        throw BPFError(
          .object, "mapping the globals in map \(map.label)", detail: "the map was not made to be mapped into memory")
      }
      self.memory = memory
      bytes = memory.bytes
      original = []
    }

    deinit { if memory == nil { bytes.deallocate() } }

    var isChanged: Bool { !bytes.elementsEqual(original) }

    /// Puts the bytes that were changed into what the map is filled with.
    func apply(to map: inout MapSpec) {
      var content: [UInt8] = []
      if case .bytes(let known) = map.contents { content = known }
      content += Array(repeating: 0, count: max(0, bytes.count - content.count))
      for (index, byte) in bytes.enumerated() where byte != original[index] { content[index] = byte }
      map.contents = .bytes(content)
    }

    /// Reads a variable.
    public func load<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type = Value.self) -> Value {
      check(offset, MemoryLayout<Value>.size)
      return bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// Writes a variable.
    public func store<Value: BitwiseCopyable>(_ value: Value, _ offset: Int) {
      check(offset, MemoryLayout<Value>.size)
      bytes.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    /// A variable's memory, so that a change of one member leaves the others to the programs.
    public func pointer<Value: BitwiseCopyable>(_ offset: Int, as type: Value.Type = Value.self)
      -> UnsafeMutablePointer<Value>
    {
      check(offset, MemoryLayout<Value>.size)
      return (bytes.baseAddress.unsafelyUnwrapped + offset).assumingMemoryBound(to: Value.self)
    }

    /// Reads text up to its zero byte.
    public func text(_ offset: Int, count: Int) -> String {
      check(offset, count)
      return String(decoding: bytes[offset..<offset + count].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Writes as many characters of a text as there is room for, and zeroes after them.
    public func setText(_ text: String, _ offset: Int, count: Int) {
      check(offset, count)
      var end = 0
      for character in text {
        guard end + character.utf8.count < count else { break }
        for byte in character.utf8 {
          bytes[offset + end] = byte
          end += 1
        }
      }
      for index in end..<max(end, count) { bytes[offset + index] = 0 }
    }

    private func check(_ offset: Int, _ size: Int) {
      precondition(offset >= 0 && size >= 0 && offset <= bytes.count - size, "outside of the section")
    }
  }

  /// A constant array of a kernel program.
  public struct ConstantArray<Element: BitwiseCopyable>: RandomAccessCollection, Sendable {
    private let section: Section
    private let offset: Int
    public let count: Int

    public init(_ section: Section, _ offset: Int, count: Int) {
      self.section = section
      self.offset = offset
      self.count = count
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(index: Int) -> Element {
      precondition(index >= 0 && index < count, "index out of range")
      return section.load(offset + index * MemoryLayout<Element>.stride)
    }
  }

  /// An array of a kernel program, element by element: writing one leaves the others to the programs.
  public struct GlobalArray<Element: BitwiseCopyable>: RandomAccessCollection, Sendable {
    private let section: Section
    private let offset: Int
    public let count: Int

    public init(_ section: Section, _ offset: Int, count: Int) {
      self.section = section
      self.offset = offset
      self.count = count
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(index: Int) -> Element {
      get {
        precondition(index >= 0 && index < count, "index out of range")
        return section.load(offset + index * MemoryLayout<Element>.stride)
      }
      nonmutating set {
        precondition(index >= 0 && index < count, "index out of range")
        section.store(newValue, offset + index * MemoryLayout<Element>.stride)
      }
    }
  }
}

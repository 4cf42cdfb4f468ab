// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF

/// A struct_ops value as the object lays it out, carried over to the layout that this kernel has.
///
/// The object declares `struct tcp_congestion_ops` with the members that it knows; the kernel may have more, fewer or
/// moved ones. Members are matched by name. What the kernel wants to see is `struct bpf_struct_ops_tcp_congestion_ops`,
/// which holds the kernel's own struct at some offset, with a program's descriptor in place of each function pointer.
struct StructOpsLayout {
  /// A function pointer that a program fills.
  struct Slot: Equatable {
    var program: String
    /// Where in the kernel's value the program's descriptor belongs, in bytes.
    var offset: Int
    /// The member's number in the kernel's struct, which the program is verified against.
    var member: UInt32
  }

  /// The struct that programs implement, in the kernel or a module.
  var kernelType: KernelTypes.Match
  /// The wrapping struct that is the map's value.
  var valueType: TypeID
  /// The map's value, still without program descriptors.
  var value: [UInt8]
  var slots: [Slot]
  /// Programs for members that this kernel does not have: they are not loaded.
  var dropped: [String] = []

  /// Converts a value.
  ///
  /// - Parameters:
  ///   - name: the map's name, for errors.
  ///   - bytes: the object's value.
  ///   - programs: the programs by the byte offset of the pointer that they fill.
  init(
    name: String, local types: BTFTypes, type id: TypeID, bytes: [UInt8], programs: [Int: String], kernel: KernelTypes
  ) throws(BPFError) {
    let context = "preparing struct_ops map \(name)"
    do {
      let localID = try types.resolved(id)
      guard case .structure(let local) = try types.type(localID) else {
        throw BPFError(.types, context, detail: "its type is not a struct")
      }
      let typeName = Self.essential(local.name)
      guard let wrapper = try kernel.find("bpf_struct_ops_" + typeName, kind: .structure),
        case .structure(let outer) = try wrapper.types.type(wrapper.id),
        let kernelID = wrapper.types.id(named: typeName, kind: .structure),
        case .structure(let target) = try wrapper.types.type(kernelID),
        let data = outer.members.first(where: { $0.type == kernelID })
      else {
        throw BPFError(
          .unsupported, context, detail: "programs cannot implement on this kernel: struct \(typeName)",
          hint: "load the module that defines it, or use a kernel that has it built in")
      }
      kernelType = KernelTypes.Match(types: wrapper.types, id: kernelID, module: wrapper.module)
      valueType = wrapper.id
      value = [UInt8](repeating: 0, count: outer.size)
      slots = []
      let base = data.bitOffset / 8

      for member in local.members {
        let offset = member.bitOffset / 8
        let size = try types.size(of: member.type)
        guard offset >= 0, size >= 0, offset + size <= bytes.count else {
          throw BPFError(.object, context, detail: "member \(member.name) lies outside the value")
        }
        let program = programs[offset]
        guard let index = target.members.firstIndex(where: { $0.name == member.name }) else {
          guard bytes[offset..<offset + size].allSatisfy({ $0 == 0 }) else {
            throw BPFError(
              .unsupported, context, detail: "this kernel's struct \(typeName) has no member \(member.name)",
              hint: "leave the member zero for this kernel")
          }
          if let program { dropped.append(program) }
          continue
        }
        let match = target.members[index]
        guard !member.isBitField, !match.isBitField else {
          throw BPFError(.unsupported, context, detail: "member \(member.name) is a bit field")
        }
        let localMember = try types.type(types.resolved(member.type))
        let kernelMember = try wrapper.types.type(wrapper.types.resolved(match.type))
        guard localMember.kind == kernelMember.kind else {
          throw BPFError(
            .types, context,
            detail:
              "member \(member.name) is of another kind in the kernel: \(kernelMember.kind?.description ?? "void")")
        }
        let position = base + match.bitOffset / 8
        if case .pointer(let pointee) = kernelMember {
          guard let program else { continue }
          guard wrapper.types.kind(try wrapper.types.resolved(pointee)) == .functionPrototype else {
            throw BPFError(.types, context, detail: "member \(member.name) is not a function pointer in the kernel")
          }
          slots.append(Slot(program: program, offset: position, member: UInt32(index)))
          continue
        }
        let kernelSize = try wrapper.types.size(of: match.type)
        guard kernelSize == size, position + size <= value.count else {
          throw BPFError(
            .types, context, detail: "member \(member.name) has \(size) bytes, in the kernel \(kernelSize)")
        }
        value.replaceSubrange(position..<position + size, with: bytes[offset..<offset + size])
      }
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.types, context, underlying: error)
    }
  }

  /// A type's name without the `___flavor` that sets variants for different kernels apart.
  static func essential(_ name: String) -> String {
    guard let range = name.ranges(of: "___").last, range.lowerBound > name.startIndex else { return name }
    return String(name[..<range.lowerBound])
  }
}

// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFInterpreter
import BPFObject
import BTF
import TestSupport
import Testing

/// Programs relocated against a kernel's types, as they are when they are loaded.
@Suite struct KernelTypesTests {
  @Test(.requires(.kernelBTF)) func fieldsLieWhereTheKernelHasThem() throws {
    let types = try KernelTypes.current().vmlinux
    let object = try Sample.interpreter("execsnoop", Interpreter.Options(kernelTypes: types))
    let task = try object.structure("task_struct", ["tgid": 4711])
    // A real task_struct has thousands of bytes, the object's own has few.
    #expect(task.count > 1000)
    let parent = try object.place(structure: "task_struct", ["tgid": 17])
    let address = try object.place(structure: "task_struct", ["tgid": 4711, "real_parent": FieldValue(parent)])
    let file = try object.place(string: "/bin/true")
    let binary = try object.place(structure: "linux_binprm", ["argc": 2, "filename": FieldValue(file)])
    _ = try object.run("on_exec", arguments: address, 0, binary)
    let event = try #require(try object.map("events").records.first)
    #expect(Array(event.prefix(12)) == [0x67, 0x12, 0, 0, 17, 0, 0, 0, 2, 0, 0, 0])
  }

  /// What the kernel's types lack is found where it is reached, not before.
  @Test(.requires(.kernelBTF)) func missingFieldsEndTheRun() throws {
    let types = try KernelTypes.current().vmlinux
    let spec = try Sample.object("core_poison")
    let object = try Interpreter(spec, options: Interpreter.Options(kernelTypes: types))
    object.environment.unmappedLoadsGiveZero = true
    object.environment.currentTask = try object.place(structure: "task_struct", ["tgid": 1])
    var codes: [InterpreterError.Code] = []
    for program in spec.programs {
      do throws(InterpreterError) {
        _ = try object.run(program.name, .arguments([object.environment.currentTask]))
      } catch {
        codes.append(error.code)
      }
    }
    #expect(codes.contains(.invalidInstruction))
  }
}

// SPDX-License-Identifier: Apache-2.0

// `import BPF` is enough. What its API takes and returns of the modules beneath is passed on by name, and nothing else:
// what reads and writes formats is imported by those who do (BPFObject, BTF, BPFBytecode).
@_exported public import struct BPFBytecode.Helper
@_exported public import struct BPFBytecode.Instruction
@_exported public import struct BPFObject.AttachType
@_exported public import struct BPFObject.MapSpec
@_exported public import struct BPFObject.MapType
@_exported public import struct BPFObject.ObjectSpec
@_exported public import struct BPFObject.ProgramFlags
@_exported public import struct BPFObject.ProgramSpec
@_exported public import struct BPFObject.ProgramType
@_exported public import struct BPFObject.VariableSpec
@_exported public import struct BPFValues.BigEndian
@_exported public import struct BPFValues.FixedString
@_exported public import struct BPFValues.IPv4Address
@_exported public import struct BPFValues.IPv6Address
@_exported public import struct BPFValues.KernelVersion
@_exported public import struct BPFValues.LPMKey
@_exported public import struct BPFValues.MACAddress
@_exported public import struct BPFValues.MapFlags
@_exported public import struct BPFValues.MapPinning
@_exported public import struct BPFValues.NetfilterHook
@_exported public import struct BPFValues.PackedPath
@_exported public import struct BPFValues.TrafficAction
@_exported public import struct BPFValues.UpdateMode
@_exported public import struct BPFValues.XDPAction
@_exported public import struct BTF.BTFFeatures
@_exported public import enum BTF.BTFKind
@_exported public import class BTF.BTFTypes
@_exported public import struct BTF.TypeID
@_exported public import enum BTFCoding.BTFValue
@_exported public import struct SystemPackage.Errno

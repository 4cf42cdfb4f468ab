// SPDX-License-Identifier: Apache-2.0

// `import BPF` is enough: programs, maps and links are described in terms of these modules' types.
@_exported public import BPFBytecode
@_exported public import BPFObject
@_exported public import BPFSystem
@_exported public import BTF
@_exported public import BTFCoding

@_exported public import struct SystemPackage.Errno

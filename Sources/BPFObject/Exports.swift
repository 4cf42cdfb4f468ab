// SPDX-License-Identifier: Apache-2.0

// A map's specification is described in these terms.
@_exported public import struct BPFValues.MapFlags
@_exported public import struct BPFValues.MapPinning

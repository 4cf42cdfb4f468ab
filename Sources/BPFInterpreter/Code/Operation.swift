// SPDX-License-Identifier: Apache-2.0

/// An instruction as the interpreter runs it: one for each slot, so that positions are those of the program.
struct Operation {
  var code: OperationCode
  var destination: UInt8
  var source: UInt8
  /// Of a memory access; the target of a jump or call as a slot; a byte swap's width.
  var offset: Int32
  /// A constant as the operation uses it: extended to 64 bits, or cut to 32.
  var constant: UInt64
}

/// What the interpreter does for an instruction. A constant operand ends in K, a register in X, as in the kernel.
enum OperationCode: UInt8 {
  // 64-bit arithmetic.
  case addK, addX, subtractK, subtractX, multiplyK, multiplyX, divideK, divideX, signedDivideK, signedDivideX
  case orK, orX, andK, andX, shiftLeftK, shiftLeftX, shiftRightK, shiftRightX, negate
  case moduloK, moduloX, signedModuloK, signedModuloX, xorK, xorX, moveK, moveX
  case moveSigned8, moveSigned16, moveSigned32, shiftRightSignedK, shiftRightSignedX
  // 32-bit arithmetic.
  case add32K, add32X, subtract32K, subtract32X, multiply32K, multiply32X, divide32K, divide32X
  case signedDivide32K, signedDivide32X, or32K, or32X, and32K, and32X, shiftLeft32K, shiftLeft32X
  case shiftRight32K, shiftRight32X, negate32, modulo32K, modulo32X, signedModulo32K, signedModulo32X
  case xor32K, xor32X, move32K, move32X, move32Signed8, move32Signed16, shiftRightSigned32K, shiftRightSigned32X
  // Byte order.
  case bigEndian16, bigEndian32, bigEndian64, littleEndian16, littleEndian32, littleEndian64
  case swap16, swap32, swap64
  // Jumps.
  case goto
  case equalK, equalX, notEqualK, notEqualX, greaterK, greaterX, greaterOrEqualK, greaterOrEqualX, lessK, lessX
  case lessOrEqualK, lessOrEqualX, anyBitK, anyBitX, greaterSignedK, greaterSignedX, greaterOrEqualSignedK
  case greaterOrEqualSignedX, lessSignedK, lessSignedX, lessOrEqualSignedK, lessOrEqualSignedX
  case equal32K, equal32X, notEqual32K, notEqual32X, greater32K, greater32X, greaterOrEqual32K, greaterOrEqual32X
  case less32K, less32X, lessOrEqual32K, lessOrEqual32X, anyBit32K, anyBit32X, greaterSigned32K, greaterSigned32X
  case greaterOrEqualSigned32K, greaterOrEqualSigned32X, lessSigned32K, lessSigned32X
  case lessOrEqualSigned32K, lessOrEqualSigned32X
  case gotoRegister, mayGoto
  // Memory.
  case load8, load16, load32, load64, loadSigned8, loadSigned16, loadSigned32
  case store8X, store16X, store32X, store64X, store8K, store16K, store32K, store64K
  case atomic8, atomic16, atomic32, atomic64
  case packetAbsolute, packetIndirect
  case wide
  // Calls.
  case callHelper, callSubprogram, callKernelFunction, callRegister, exit
  /// What may be decoded but not run: the constant states why.
  case unusable
}

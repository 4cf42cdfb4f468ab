// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var total: UInt64 = 0
var name = FixedString<16>()
var parentName = FixedString<16>()
@section("iter/task_file")
func onFile(_ context: Iterator.task_file) -> Int32 {
  let file = context.file
  if file.isNull { return 0 }
  let dentry = file.f_path.dentry
  name.readKernel(from: dentry.d_name.name)
  parentName.readKernel(from: dentry.d_parent.d_name.name)
  total &+=
    UInt64(dentry.d_name.len) &+ UInt64(context.fd) &+ file.f_inode.i_ino
    &+ UInt64(file.f_path.dentry.d_parent.d_name.len)
  return 0
}

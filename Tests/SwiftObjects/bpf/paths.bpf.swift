// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
import BPFKernel

let license = License.gpl
var name = FixedString<16>()
@section("lsm/file_open")
func onOpen(_ context: LSM.file_open) -> Int32 {
  if context.result != 0 { return context.result }
  let file = context.file
  var dentry = file.f_path.dentry
  for _ in 0..<3 {
    if dentry.d_name.len > 255 { return -1 }  // no name is so long: nothing is denied
    dentry = dentry.d_parent
  }
  name.readKernel(from: dentry.d_name.name)
  return file.f_inode.i_uid.val == .max ? -13 : 0  // nobody's
}
@section("fexit/vfs_open")
func onOpened(_ context: FunctionExit.vfs_open) -> Int32 {
  if context.result == 0, context.file.f_path.dentry == context.path.dentry {
    name.readKernel(from: context.file.f_path.dentry.d_name.name)
  }
  return 0
}

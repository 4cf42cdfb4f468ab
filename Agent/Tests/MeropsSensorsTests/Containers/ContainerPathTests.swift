// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MeropsSensors

/// The forms that runtimes give to cgroup paths, as seen on hosts with systemd and without.
@Suite struct ContainerPathTests {
  static let id = String(repeating: "0123456789abcdef", count: 4)
  static let other = String(repeating: "f", count: 64)

  @Test(
    arguments: [
      ("/system.slice/docker-\(id).scope", id, "docker"),
      ("/docker/\(id)", id, "docker"),
      ("/docker/\(other)/docker/\(id)", id, "docker"),
      ("/docker/\(id)/init.scope", id, "docker"),
      (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12_3.slice/cri-containerd-\(id).scope", id,
        "containerd"
      ),
      ("/system.slice/nerdctl-\(id).scope", id, "containerd"),
      ("/default/web", "web", "containerd"),
      ("/k8s.io/\(id)", id, "containerd"),
      ("/kubepods.slice/kubepods-pod1.slice/crio-\(id).scope", id, "cri-o"),
      (
        "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1_2.slice/crio-\(id).scope/container", id,
        "cri-o"
      ),
      ("/kubepods.slice/kubepods-pod1.slice/docker-\(id).scope", id, "docker"),
      ("/kubepods/besteffort/pod1-2-3/crio-\(id)", id, "cri-o"),
      ("/machine.slice/libpod-\(id).scope", id, "podman"),
      ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope/container", id, "podman"),
      ("/user.slice/user-1000.slice/user@1000.service/app.slice/libpod-\(id).scope", id, "podman"),
      ("/libpod_parent/libpod-\(id)", id, "podman"),
      ("/machine.slice/systemd-nspawn@web\\x2d1.service/payload", "web-1", "systemd-nspawn"),
      ("/machine.slice/machine-web\\x2d1.scope", "web-1", "systemd-nspawn"),
      ("/machine.slice/machine-web.scope/payload/system.slice/cron.service", "web", "systemd-nspawn"),
      ("/lxc.payload.web/system.slice/cron.service", "web", "lxc"),
      ("/lxc/web", "web", "lxc"),
      // A kubelet that manages cgroups itself, and a parent that somebody chose (docker run --cgroup-parent).
      ("/kubepods/burstable/pod0a-1b/\(id)", id, nil),
      ("/kubepods/besteffort/pod0a-1b/\(id)", id, nil),
      ("/mine/\(id)", id, nil),
    ] as [(String, String, String?)])
  func aPathNamesItsContainer(path: String, id: String, runtime: String?) {
    #expect(Container(cgroup: path) == Container(id: id, runtime: runtime))
  }

  @Test(arguments: [
    "/", "", "/user.slice/user-1000.slice/session-1.scope", "/system.slice/docker.service",
    "/system.slice/docker-\(id)0.scope", "/machine.slice/libpod-conmon-\(id).scope",
    "/kubepods.slice/kubepods-pod1.slice/crio-conmon-\(id).scope", "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope",
    "/home/default/web", "/default", "/docker/web", "/kubepods/burstable/pod0a-1b",
  ])
  func otherPathsNameNone(path: String) { #expect(Container(cgroup: path) == nil) }
}

# SPDX-License-Identifier: Apache-2.0
# make run        what this machine does, live, with a little work of its own to show     (Ctrl-C ends it)
# make demo       a minute's show: an attack, a policy that stops it, changes of it without a gap
# make tracker    the exec tracker of Examples, in the same way
# make firewall   two network namespaces, traffic, block, allow
# make examples   those that are Swift on both sides, each for a moment
# make test       see that everything works: tests on this kernel, examples, the oldest kernel and the newest
# make test-all   and the kernels between them, arm64, release builds, fuzzing: before anything is called done
# make check      the part of it for day to day: format and tests on this kernel
# make setup      install the Debian packages that are missing
SHELL := /bin/bash
PREFIX ?= /usr/local
# Programs that load kernel programs need root; building does not. PATH names the toolchain.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH")
DEBUG := .build/debug
# Programs without what only a debugger reads; names of functions stay, for crash reports.
SMALL := --static-swift-stdlib -Xswiftc -use-ld=lld -Xlinker --strip-debug -Xlinker --gc-sections
# One file that needs no library of the machine, and starts at once.
STATIC := $(SMALL) -Xswiftc -static-executable
AGENT := --package-path Agent -c release $(SMALL)
SWIFT_SOURCES := Package.swift Sources Tests Plugins Examples Fuzz $(wildcard Benchmarks) $(addprefix Agent/,Package.swift Sources Tests)

.PHONY: run demo tracker firewall examples build test test-all check agent vm agent-vm arm64 fuzz bench format lint docs install deb deb-check setup clean

run:
	@echo "run: 1 of 3: what is needed to build"
	@Tools/setup
	@echo "run: 2 of 3: building the agent, for some minutes the first time"
	@Tools/build --package-path Agent --product meropsd
	@Tools/build --package-path Agent --product merops-agent
	@echo "run: 3 of 3: what processes, files and the network of this machine do, until Ctrl-C"
	@$(SUDO) Agent/.build/debug/merops-agent run --demo $(ARGS)

demo:
	@echo "demo: 1 of 3: what is needed to build"
	@Tools/setup network
	@echo "demo: 2 of 3: building the agent, for some minutes the first time"
	@Tools/build --package-path Agent --product meropsd
	@Tools/build --package-path Agent --product merops-agent
	@echo "demo: 3 of 3: the show, for a minute; Ctrl-C ends it, and nothing of it stays"
	@$(SUDO) Agent/.build/debug/merops-agent demo $(ARGS)

# The exec tracker: the library alone, and kernel programs in C.
tracker:
	@Tools/setup
	@Tools/build --product execve-tracker
	@$(SUDO) $(DEBUG)/execve-tracker --demo $(ARGS)

firewall:
	@Tools/setup network
	Tools/build --product dynamic-firewall
	$(SUDO) Examples/DynamicFirewall/demo.sh $(DEBUG)/dynamic-firewall

# The examples whose kernel side is in Swift.
examples:
	@Tools/setup network
	Tools/build
	$(SUDO) Examples/check $(DEBUG)

build:
	Tools/build

test:
	Tools/checks

test-all:
	Tools/checks all

check: lint
	Tools/setup test
	Tools/test

# The agent's package, which has tests of its own.
agent:
	Tools/setup test
	swift test --package-path Agent

vm:
	Tools/setup vm
	Tools/build --build-tests
	Tests/Peers/setup
	$(SUDO) Tests/VM/matrix $(KERNELS) $(if $(OPTIONS),-- $(OPTIONS))

# The same with the agent's tests.
agent-vm:
	Tools/setup vm
	Tools/build --package-path Agent --build-tests
	$(SUDO) Tests/VM/matrix --package Agent $(KERNELS) $(if $(OPTIONS),-- $(OPTIONS))

# docs/kernels.md: which events are seen by which hook on which kernel.
.PHONY: kernels
kernels:
	Tools/setup vm
	Tools/build --package-path Agent --build-tests
	$(SUDO) Agent/Tests/Kernels/write

# The kernel programs that were built here, under Debian's arm64 kernel: make arm64 KERNEL=newest
arm64:
	Tools/setup arm64
	Tools/build --build-tests
	$(SUDO) Tests/VM/arm64/run $(KERNEL)

# Seconds for each target: make fuzz SECONDS_EACH=600; with SEED=1 the same inputs each time
fuzz:
	Tools/build --product merops
	Fuzz/run $(or $(SECONDS_EACH),30)

bench:
	Tools/setup test
	Benchmarks/run
	Benchmarks/run kernel

format:
	swift format -i -r $(SWIFT_SOURCES)

lint:
	swift format lint --strict -r $(SWIFT_SOURCES)
	Tools/edges
	Tests/FirstProbe/outside

docs:
	Tools/docs .build/docs

install:
	Tools/build -c release $(STATIC) --product merops
	Tools/install "$(PREFIX)"
	Tools/build $(AGENT) --product meropsd
	Tools/build $(AGENT) --product merops-agent
	Agent/Service/install "$(PREFIX)"

# A Debian package of both, in .build; make deb-check installs, upgrades and purges it in a guest.
deb:
	Tools/setup deb
	Tools/build -c release $(STATIC) --product merops
	Tools/build $(AGENT) --product meropsd
	Tools/build $(AGENT) --product merops-agent
	Agent/Service/deb .build

deb-check: deb
	$(SUDO) Agent/Service/check $(KERNEL)

setup:
	@Tools/setup

clean:
	rm -rf .build

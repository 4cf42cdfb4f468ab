# SPDX-License-Identifier: Apache-2.0
# make run        the exec tracker, live, with a little work of its own to show     (Ctrl-C ends it)
# make firewall   two network namespaces, traffic, block, allow
# make examples   those that are Swift on both sides, each for a moment
# make test       everything: format, tests on this kernel and on Debian's from 5.10 to the newest, examples, fuzzing
# make check      the part of it for day to day: format and tests on this kernel
# make setup      what Debian packages are missing, installed
SHELL := /bin/bash
PREFIX ?= /usr/local
# Programs that load kernel programs need root; building does not.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
RELEASE := .build/release
# One file that needs no library of the machine, and starts at once.
STATIC := --static-swift-stdlib -Xswiftc -static-executable -Xswiftc -use-ld=lld -Xlinker --strip-debug -Xlinker --gc-sections
SWIFT_SOURCES := Package.swift Sources Tests Plugins Examples Fuzz $(wildcard Benchmarks)

.PHONY: run firewall examples build test check vm arm64 fuzz bench format lint docs install setup clean

run: setup
	Tools/build -c release --product execve-tracker
	$(SUDO) $(RELEASE)/execve-tracker --demo $(ARGS)

firewall: setup
	Tools/build -c release --product dynamic-firewall
	$(SUDO) Examples/DynamicFirewall/demo.sh $(RELEASE)/dynamic-firewall

# The examples whose kernel side is in Swift.
examples: setup
	Tools/build
	$(SUDO) Examples/check .build/debug

build:
	Tools/build

test:
	Tools/test-all

check: lint
	Tools/setup test
	Tools/test

vm:
	Tools/setup vm
	Tools/build --build-tests
	Tests/Peers/setup
	Tests/VM/matrix $(KERNELS) $(if $(OPTIONS),-- $(OPTIONS))

# The kernel programs that were built here, under Debian's arm64 kernel: make arm64 KERNEL=newest
arm64:
	Tools/setup vm
	Tools/build --build-tests
	Tests/VM/arm64/run $(KERNEL)

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

docs:
	Tools/docs .build/docs

install:
	Tools/build -c release $(STATIC) --product merops
	Tools/install "$(PREFIX)"

setup:
	@Tools/setup

clean:
	rm -rf .build

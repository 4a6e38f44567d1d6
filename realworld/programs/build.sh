#!/bin/sh
# Builds every object here with clang 19; the objects are committed, so that nobody needs this to run them.
set -eu
cd "$(dirname "$0")"
for source in *.bpf.c; do
	clang-19 -O2 -g -target bpf -mcpu=v3 -Wall -Wno-parentheses -Wno-address-of-packed-member -ffile-compilation-dir=. -I/usr/include/x86_64-linux-gnu -c "$source" -o "${source%.c}.o"
	llvm-strip-19 -g "${source%.c}.o"
done

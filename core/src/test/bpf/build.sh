#!/bin/sh
# Compiles the test objects. Needs clang-19, llvm-strip-19, the headers of libbpf, clang-13 and bpf-gcc.
set -e
cd "$(dirname "$0")"
out=../resources/object
flags="-O2 -g -ffile-compilation-dir=. -target bpf -mcpu=v3 -I/usr/include/x86_64-linux-gnu"
for source in *.bpf.c; do
	name=${source%.bpf.c}
	clang-19 $flags -c "$source" -o "$out/$name.bpf.o"
	llvm-strip-19 -g "$out/$name.bpf.o"
done
for source in globals calls maps; do
	clang-13 $flags -c "$source.bpf.c" -o "$out/$source.clang13.bpf.o"
	llvm-strip-19 -g "$out/$source.clang13.bpf.o"
done

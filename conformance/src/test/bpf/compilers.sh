#!/bin/sh
# Compiles compilers.bpf.c with every compiler that is told apart: clang 13 to 22 and bpf-gcc 12.
set -e
cd "$(dirname "$0")"
out=../resources/compilers
include=-I/usr/include/x86_64-linux-gnu
for choice in 13.v1.O2 14.v2.Os 15.v3.O1 16.v3.O3 19.v4.O2 22.v4.O3; do
	version=${choice%%.*}
	flags=${choice#*.}
	clang-$version -${flags#*.} -g -ffile-compilation-dir=. -target bpf -mcpu=${flags%.*} $include \
		-c compilers.bpf.c -o $out/clang$version.bpf.o
	llvm-strip-19 -g $out/clang$version.bpf.o
done
bpf-gcc -O2 -gbtf -mcpu=v3 $include -I/usr/include -c compilers.bpf.c -o $out/gcc12.bpf.o

#!/bin/sh
# Compiles gate.bpf.c. Needs clang, llvm-strip and libbpf's headers; CLANG and STRIP choose others.
set -eu
cd "$(dirname "$0")/src/test/bpf"
object=../resources/gate/gate.bpf.o
"${CLANG:-clang-19}" -O2 -g -Wall -Werror -target bpf -mcpu=v3 -ffile-compilation-dir=. \
  -I"/usr/include/$(uname -m)-linux-gnu" -c gate.bpf.c -o "$object"
"${STRIP:-llvm-strip-19}" -g "$object"

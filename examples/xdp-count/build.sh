#!/bin/sh
# Compiles xdp_count.bpf.c. Needs clang, llvm-strip and libbpf's headers; CLANG and STRIP choose others.
set -eu
cd "$(dirname "$0")"
"${CLANG:-clang-19}" -O2 -g -Wall -Werror -target bpf -mcpu=v3 -fdebug-prefix-map="$PWD"=. \
  -I"/usr/include/$(uname -m)-linux-gnu" -c xdp_count.bpf.c -o xdp_count.bpf.o
"${STRIP:-llvm-strip-19}" -g xdp_count.bpf.o

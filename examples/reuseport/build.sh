#!/bin/sh
# Compiles the programs here. Needs clang, llvm-strip and libbpf's headers; CLANG and STRIP choose others.
set -eu
cd "$(dirname "$0")"
for source in *.bpf.c; do
  object=${source%.c}.o
  "${CLANG:-clang-19}" -O2 -g -Wall -Werror -target bpf -mcpu=v3 -fdebug-prefix-map="$PWD"=. \
    -I"/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "$object"
  "${STRIP:-llvm-strip-19}" -g "$object"
done

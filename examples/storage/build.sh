#!/bin/sh
# Compiles the objects of this directory again.
cd "$(dirname "$0")" || exit 1
for source in *.bpf.c; do
  object="${source%.c}.o"
  clang-19 -O2 -g -target bpf -mcpu=v3 -ffile-compilation-dir=. -I/usr/include/x86_64-linux-gnu \
    -c "$source" -o "$object" && llvm-strip-19 -g "$object" || exit 1
done

#!/bin/sh
# Compiles the objects that the command's tests read. CLANG and STRIP choose other tools.
set -eu
cd "$(dirname "$0")"
for source in *.bpf.c; do
  "${CLANG:-clang-19}" -O2 -g -Wall -Werror -target bpf -mcpu=v3 -fdebug-prefix-map="$PWD"=. \
    -I"/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "${source%.c}.o"
  "${STRIP:-llvm-strip-19}" -g "${source%.c}.o"
done

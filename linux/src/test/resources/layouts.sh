#!/bin/sh
# Writes layouts.tsv: a member's offset, or a struct's size, on amd64 and on aarch64 as clang has them by Linux's headers, which
# are the same but for asm/. CLANG and OBJCOPY choose other tools.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-19}
include="-I/usr/include/$(uname -m)-linux-gnu"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
"$clang" -E -P -DNAMES $include layouts.c | tr ';' '\n' | sed -n 's/ *LAYOUT_OF //p' >"$work/names"
for target in x86_64 aarch64; do
  "$clang" -target $target-linux-gnu $include -c layouts.c -o "$work/o"
  "${OBJCOPY:-llvm-objcopy-19}" --dump-section=.layout="$work/bytes" "$work/o"
  od -An -v -t u8 -w8 "$work/bytes" | tr -d ' ' >"$work/$target"
done
paste "$work/names" "$work/x86_64" "$work/aarch64" >layouts.tsv

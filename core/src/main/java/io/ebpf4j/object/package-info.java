/** Object files of clang and bpf-gcc: read, changed, linked and adapted to a kernel's types. */
@NullMarked
package io.ebpf4j.object;

import org.jspecify.annotations.NullMarked;

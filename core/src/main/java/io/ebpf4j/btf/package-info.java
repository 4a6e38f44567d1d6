/** BTF: types, their layout, and values printed by them. */
@NullMarked
package io.ebpf4j.btf;

import org.jspecify.annotations.NullMarked;

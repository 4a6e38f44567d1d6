/** Loaded programs. */
@NullMarked
package io.ebpf4j.jvm.program;

import org.jspecify.annotations.NullMarked;

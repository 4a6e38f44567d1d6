/** The command {@code ebpf4j}. */
@NullMarked
package io.ebpf4j.cli;

import org.jspecify.annotations.NullMarked;

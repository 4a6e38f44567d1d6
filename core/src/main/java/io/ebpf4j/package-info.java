/** The API: one, for the kernel in the JVM and for Linux. */
@NullMarked
package io.ebpf4j;

import org.jspecify.annotations.NullMarked;

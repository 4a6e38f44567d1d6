/** Twin tests: one body, run on the kernel in the JVM and on Linux. */
@NullMarked
package io.ebpf4j.conformance;

import org.jspecify.annotations.NullMarked;

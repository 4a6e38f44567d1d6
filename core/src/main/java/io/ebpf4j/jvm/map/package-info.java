/** The maps of the kernel in the JVM. */
@NullMarked
package io.ebpf4j.jvm.map;

import org.jspecify.annotations.NullMarked;

/** The sockets of the kernel in the JVM, reuseport groups, and the arrays of their sockets. */
@NullMarked
package io.ebpf4j.jvm.socket;

import org.jspecify.annotations.NullMarked;

/** CPUs of the kernel in the JVM: what a program runs on. */
@NullMarked
package io.ebpf4j.jvm.cpu;

import org.jspecify.annotations.NullMarked;

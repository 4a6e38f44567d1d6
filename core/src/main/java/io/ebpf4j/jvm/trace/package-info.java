/** Programs that are called with bare arguments: raw tracepoints, and programs that users call. */
@NullMarked
package io.ebpf4j.jvm.trace;

import org.jspecify.annotations.NullMarked;

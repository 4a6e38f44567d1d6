/**
 * Programs that are called with bare arguments: raw tracepoints, programs that users call, and
 * iterators over the elements of a map.
 */
@NullMarked
package io.ebpf4j.jvm.trace;

import org.jspecify.annotations.NullMarked;

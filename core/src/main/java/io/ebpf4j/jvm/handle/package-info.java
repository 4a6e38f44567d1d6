/** What keeps objects of a kernel alive: holders, descriptors, pins. */
@NullMarked
package io.ebpf4j.jvm.handle;

import org.jspecify.annotations.NullMarked;

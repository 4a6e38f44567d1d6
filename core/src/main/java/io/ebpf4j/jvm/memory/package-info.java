/** Raw memory, blocks of it, and grace periods. */
@NullMarked
package io.ebpf4j.jvm.memory;

import org.jspecify.annotations.NullMarked;

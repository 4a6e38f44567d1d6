/** Java programs that run the objects beside them, with the public API alone. */
@NullMarked
package io.ebpf4j.examples;

import org.jspecify.annotations.NullMarked;

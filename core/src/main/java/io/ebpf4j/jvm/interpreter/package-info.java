/** The checked interpreter: the reference for what an instruction does. */
@NullMarked
package io.ebpf4j.jvm.interpreter;

import org.jspecify.annotations.NullMarked;

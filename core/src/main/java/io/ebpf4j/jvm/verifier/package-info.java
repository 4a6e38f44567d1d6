/**
 * Decides, as Linux does, whether a program may be loaded, and what is known of each instruction.
 */
@NullMarked
package io.ebpf4j.jvm.verifier;

import org.jspecify.annotations.NullMarked;

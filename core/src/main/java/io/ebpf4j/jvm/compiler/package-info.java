/** Verified programs as classes of their own. */
@NullMarked
package io.ebpf4j.jvm.compiler;

import org.jspecify.annotations.NullMarked;

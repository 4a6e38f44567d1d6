/** What a helper function is: its annotation, prototype and table; and the general helpers. */
@NullMarked
package io.ebpf4j.jvm.helper;

import org.jspecify.annotations.NullMarked;

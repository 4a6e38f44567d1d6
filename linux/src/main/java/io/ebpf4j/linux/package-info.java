/** The real Linux kernel behind the API, by bpf(2). */
@NullMarked
package io.ebpf4j.linux;

import org.jspecify.annotations.NullMarked;

/** JMH benchmarks of the hot paths. */
@NullMarked
package io.ebpf4j.bench;

import org.jspecify.annotations.NullMarked;

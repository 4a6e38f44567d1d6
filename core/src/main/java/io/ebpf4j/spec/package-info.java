/** What to make: maps and programs as plain data, before any kernel has seen them. */
@NullMarked
package io.ebpf4j.spec;

import org.jspecify.annotations.NullMarked;

/**
 * Local storage: values that are kept with sockets, tasks, inodes and control groups, the maps of
 * such values, and the helpers that reach them.
 */
@NullMarked
package io.ebpf4j.jvm.storage;

import org.jspecify.annotations.NullMarked;

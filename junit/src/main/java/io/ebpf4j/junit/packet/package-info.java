/**
 * Packets as layers: built with correct lengths and checksums, read back from bytes, and compared
 * field by field.
 */
@NullMarked
package io.ebpf4j.junit.packet;

import org.jspecify.annotations.NullMarked;

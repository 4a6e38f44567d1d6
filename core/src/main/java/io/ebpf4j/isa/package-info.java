/** The instruction set of RFC 9669: instructions, assembler, disassembler. */
@NullMarked
package io.ebpf4j.isa;

import org.jspecify.annotations.NullMarked;

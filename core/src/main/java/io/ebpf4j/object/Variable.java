package io.ebpf4j.object;

/**
 * A global variable.
 *
 * @param name its C name; a {@code static} one in a function is {@code function.name}
 * @param section the section it lies in, which is also the name of its map in the object
 * @param offset its first byte in the section
 * @param size its bytes
 * @param btfType its type in the object's BTF
 * @param readOnly whether programs cannot change it ({@code .rodata}, {@code .kconfig})
 */
public record Variable(
    String name, String section, int offset, int size, int btfType, boolean readOnly) {}

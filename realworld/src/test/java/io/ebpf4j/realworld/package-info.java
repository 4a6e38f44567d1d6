/** Programs in the shape of what people deploy, played over the same script on both kernels. */
@NullMarked
package io.ebpf4j.realworld;

import org.jspecify.annotations.NullMarked;

/** What a program type is: context layout and test run. */
@NullMarked
package io.ebpf4j.jvm.context;

import org.jspecify.annotations.NullMarked;

/* SPDX-License-Identifier: Apache-2.0 */
/* Code that is inlined from a header. */
static __always_inline __u32 scrambled(__u32 number)
{
	number ^= number >> 7;
	return number * 2654435761u;
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_YIELD_POINTS_H
#define _LINUX_YIELD_POINTS_H

/* Runs in any context but NMI, with preemption off; see yield_points_attach(). */
typedef void (*yield_point_fn)(unsigned long ip);

/* The compiler's calls, not for others */
void __sanitizer_cov_trace_pc(void);

int yield_points_attach(yield_point_fn fn);
void yield_points_detach(yield_point_fn fn);

#endif /* _LINUX_YIELD_POINTS_H */

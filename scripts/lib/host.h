/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_HOST_H
#define RESPAWN_HOST_H

const char *host_folder(void);
const char *host_source(void);
const char *host_cache(void);
unsigned int host_jobs(void);
void host_set_jobs(unsigned int jobs);

#endif /* RESPAWN_HOST_H */

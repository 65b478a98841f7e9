/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_CPIO_H
#define RESPAWN_TESTS_CPIO_H
/*
 * An initramfs, as far as the host reads one.
 */
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

/* Write one whose files have these names and texts. */
static inline void cpio_write(const char *path, const char *const *names,
			      const char *const *texts, size_t n)
{
	struct archive *a = archive_write_new();

	archive_write_set_format_cpio_newc(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (size_t i = 0; i < n; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_pathname(e, names[i]);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, strlen(texts[i]));
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, texts[i], strlen(texts[i])),
				 strlen(texts[i]));
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

/* One that has this plan. */
static inline void cpio_with_plan(const char *path, const char *plan)
{
	static const char *const names[] = { "plan" };

	cpio_write(path, names, &plan, 1);
}

#endif /* RESPAWN_TESTS_CPIO_H */

// SPDX-License-Identifier: GPL-2.0-only
/* A program that fails and says nothing. */
int main(void)
{
	return 3;
}

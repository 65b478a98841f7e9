/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_PVPANIC_H
#define RESPAWN_PVPANIC_H
/*
 * QEMU's pvpanic, a device by which a guest says that it panicked. What comes of
 * that is QEMU's to decide: where it is told to pause, the guest has stopped
 * itself, at that very instruction; where it is told nothing, nothing happens.
 */
#include <linux/io.h>
#include <linux/pci.h>

/* What is written: the guest panicked. */
#define PVPANIC_PANICKED	1

#ifdef CONFIG_X86
#define PVPANIC_PORT	0x505

/* On the ISA bus, where it is found by its address alone */
struct pvpanic {
};

static inline int pvpanic_open(struct pvpanic *p)
{
	return inb(PVPANIC_PORT) == 0xff ? -ENODEV : 0;
}

static inline void pvpanic_write(const struct pvpanic *p)
{
	outb(PVPANIC_PANICKED, PVPANIC_PORT);
}

static inline void pvpanic_close(struct pvpanic *p)
{
}
#elif !defined(CONFIG_PCI)
/* There is none. */
struct pvpanic {
};

static inline int pvpanic_open(struct pvpanic *p)
{
	return -ENODEV;
}

static inline void pvpanic_write(const struct pvpanic *p)
{
}

static inline void pvpanic_close(struct pvpanic *p)
{
}
#else
#define PVPANIC_DEVICE	0x0011

/**
 * struct pvpanic - the device
 * @dev: on the PCI bus
 * @at: its register, or NULL if there is no device
 */
struct pvpanic {
	struct pci_dev *dev;
	void __iomem *at;
};

static inline void pvpanic_write(const struct pvpanic *p)
{
	if (!p->at)
		return;
	iowrite8(PVPANIC_PANICKED, p->at);
	/* Whoever reads it has been stopped and has gone on. */
	ioread8(p->at);
}

static inline void pvpanic_close(struct pvpanic *p)
{
	if (p->at) {
		pci_iounmap(p->dev, p->at);
		pci_disable_device(p->dev);
	}
	pci_dev_put(p->dev);
	*p = (struct pvpanic){};
}

static inline int pvpanic_open(struct pvpanic *p)
{
	p->dev = pci_get_device(PCI_VENDOR_ID_REDHAT, PVPANIC_DEVICE, NULL);
	if (p->dev && !pci_enable_device(p->dev)) {
		p->at = pci_iomap(p->dev, 0, 0);
		if (!p->at)
			pci_disable_device(p->dev);
	}
	if (p->at)
		return 0;
	pvpanic_close(p);
	return -ENODEV;
}
#endif

#endif /* RESPAWN_PVPANIC_H */

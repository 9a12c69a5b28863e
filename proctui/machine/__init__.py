"""Every zombie and every orphan of the whole machine."""

"""What changed between two networks or two versions of one."""

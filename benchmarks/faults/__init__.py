"""Every system call that writes, killed or refused: nothing may be lost."""

"""What people write: worker files, Procfiles, settings; each mistake told in one sentence."""

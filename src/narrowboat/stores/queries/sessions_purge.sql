-- Sessions whose time is over.
delete from narrowboat.sessions where expires_at <= :now

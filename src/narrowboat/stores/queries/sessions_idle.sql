-- Sessions that nobody uses any more.
delete from narrowboat.sessions where seen_at <= :now - :idle

-- Somebody signed out.
delete from narrowboat.sessions where digest = :digest

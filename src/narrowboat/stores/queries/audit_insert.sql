-- Somebody did something.
insert into narrowboat.audit (at, done_by, action, about, detail) values (:now, :by, :action, :about, :detail)

-- A resumed run begins with its time and its tries anew, and with somebody who follows it.
update narrowboat.runs
set deadline_at = null, error_code = null, error = null, tries = 0, barren = 0, followed_at = :now, version = version + 1
where id = :run

-- The part that a worker gives back, done or not.
select seq, state, tries from narrowboat.parts
where run_id = :run and seq = :seq and fence = :fence and worker = :worker and state <> 'open'

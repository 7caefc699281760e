-- The parts that workers hold, locked so that none of them ends unseen.
select seq from narrowboat.parts where run_id = :run and state = 'leased' for share

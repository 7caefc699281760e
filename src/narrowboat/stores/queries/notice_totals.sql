-- By channel and state: all that were ever sent or given up, and those that wait.
select channel, state, notices from narrowboat.notice_totals
union all
select channel, state, count(*) as notices from narrowboat.notices where state = 'waiting' group by channel, state
order by channel, state
